import type { NodeSpec, PolicySpec, ProgramDocument } from '../../src/model/program.js';
import type { ServiceSpec } from '../../src/model/service.js';

const origin = { path: 'changing' };
const BASE = 8000;

/**
 * The program after `turn` changes: policy, endpoints, services and what the datapath is verified with
 * all change from turn to turn, but some things hold in every one. The client may reach the servers at
 * 80/TCP and 53/UDP, directly and by the service; the stranger may not, and nobody at 81.
 */
export function changingProgram(node: string, turn: number): ProgramDocument {
  const spec: NodeSpec = {
    origin,
    name: node,
    podCIDRs: ['10.7.0.0/24', 'fd07::/64'],
    gateways: ['10.7.0.1', 'fd07::1'],
    addresses: [],
    allowLocalhost: true,
    enforcement: 'default',
    mtu: 1500,
    // Another set of features: every program is verified anew and swapped.
    ...(turn % 9 === 8 ? { events: false } : {}),
  };
  const endpoint = (name: string, last: number, labels: Record<string, string>) => ({
    origin,
    name,
    node,
    labels,
    addresses: [`10.7.0.${String(last)}`, `fd07::${String(last)}`],
    netns: `${node}-${name}`,
  });
  const guests = Array.from({ length: turn % 3 }, (_, i) =>
    endpoint(`guest-${String(i)}`, 100 + i, { app: 'guest', number: String((turn + i) % 4) }),
  );
  return {
    version: 1,
    nodes: [spec],
    endpoints: [
      endpoint('client', 11, { app: 'client' }),
      endpoint('stranger', 12, { app: 'stranger' }),
      endpoint('one', 21, { app: 'server', number: '1' }),
      endpoint('two', 22, { app: 'server', number: '2' }),
      ...guests,
    ],
    policies: [serverPolicy(turn), ...(turn % 4 === 3 ? [numberPolicy(turn)] : [])],
    services: [service(turn)],
  };
}

function serverPolicy(turn: number): PolicySpec {
  return {
    origin,
    name: 'server',
    endpointSelector: { matchLabels: { app: 'server' } },
    ingress: [
      {
        endpoints: [{ matchLabels: { app: 'client' } }],
        toPorts: [
          {
            ports: [
              { port: 80, protocol: 'TCP' },
              { port: 8080, protocol: 'TCP' },
              { port: 53, protocol: 'UDP' },
              { port: 5353, protocol: 'UDP' },
              { port: BASE + (turn % 5), protocol: 'TCP' },
            ],
          },
        ],
      },
      ...(turn % 2 === 0
        ? [
            {
              endpoints: [{ matchLabels: { app: 'guest' } }],
              toPorts: [{ ports: [{ port: 443, protocol: 'TCP' as const }] }],
            },
          ]
        : []),
    ],
  };
}

/** A selector that splits the classes of guests and servers while it is there. */
function numberPolicy(turn: number): PolicySpec {
  return {
    origin,
    name: 'number',
    endpointSelector: { matchLabels: { app: 'guest' } },
    ingress: [{ endpoints: [{ matchLabels: { number: String(turn % 4) } }] }],
  };
}

function service(turn: number): ServiceSpec {
  const weights = [
    [1, 1],
    [1, 0],
    [3, 1],
    [0, 1],
  ][turn % 4] ?? [1, 1];
  const backends = weights.flatMap((weight, i) =>
    ['10.7.0.', 'fd07::'].map((prefix) => ({ address: `${prefix}${String(21 + i)}`, weight })),
  );
  return {
    origin,
    name: 'servers',
    addresses: ['10.96.7.1', 'fd96:7::1'],
    ports: [
      // Not the port that clients also use directly: one connection's ends cannot be two connections'.
      { port: 80, targetPort: 8080, protocol: 'TCP' },
      { port: 53, targetPort: 5353, protocol: 'UDP' },
    ],
    backends,
    algorithm: turn % 2 === 0 ? 'random' : 'maglev',
    affinity: 0,
  };
}
