import type { NodeSpec, PolicySpec, ProgramDocument } from '../../src/model/program.js';
import { changingProgram } from './changing-program.js';

const origin = { path: 'busy' };
const CLUSTER = { name: 'busy', mode: 'tunnel', tunnelPort: 8472 } as const;

/** What comes and goes, besides the policy, endpoints and back-ends of the changing program. */
export interface Season {
  /** Whether services and masquerading may go: else somebody uses them all the time. */
  readonly isSparse: boolean;
}

/**
 * The changing program on a node with an uplink, `up0`, and a world behind it. Holds in every turn: the
 * client may ping the servers, and reach the world; `muted` may send nothing, though the servers would
 * let it in at 54/UDP. Comes and goes: a tunnel to a node that is not there, a filter of HTTP that nobody
 * meets, a port of the service; in a sparse season the service itself, and masquerading, which moves the
 * ends of connections to another address and cannot but break those that are open.
 */
export function busyProgram(node: string, turn: number, { isSparse }: Season): ProgramDocument {
  const program = changingProgram(node, turn);
  const [spec] = program.nodes;
  if (spec === undefined) throw new Error('there is no node');
  const hasTunnel = turn % 7 >= 5;
  const near: NodeSpec = {
    ...spec,
    addresses: ['192.0.2.1', '2001:db8::1'],
    devices: ['up0'],
    masquerade: !isSparse || turn % 3 === 1,
    ...(hasTunnel && { cluster: CLUSTER }),
  };
  const far: NodeSpec = {
    ...spec,
    name: 'far',
    podCIDRs: ['10.8.0.0/24', 'fd08::/64'],
    gateways: ['10.8.0.1', 'fd08::1'],
    addresses: ['192.0.2.7', '2001:db8::7'],
    devices: ['up0'],
    cluster: CLUSTER,
  };
  const lacksServices = isSparse && turn % 4 >= 2;
  const services = program.services.map((service) => ({
    ...service,
    ports: [
      ...service.ports,
      { port: 8440 + (turn % 3), targetPort: 8080, protocol: 'TCP' as const },
    ],
  }));
  return {
    ...program,
    nodes: hasTunnel ? [near, far] : [near],
    endpoints: [
      ...program.endpoints,
      {
        origin,
        name: 'muted',
        node,
        labels: { app: 'muted' },
        addresses: ['10.7.0.13', 'fd07::13'],
        netns: `${node}-muted`,
      },
    ],
    policies: [...program.policies, ...POLICIES, ...(turn % 16 === 11 ? [FILTER] : [])],
    services: lacksServices ? [] : services,
  };
}

const servers = { matchLabels: { app: 'server' } };

const POLICIES: readonly PolicySpec[] = [
  {
    origin,
    name: 'echo',
    endpointSelector: servers,
    ingress: [
      {
        endpoints: [{ matchLabels: { app: 'client' } }],
        icmps: [
          {
            fields: [
              { family: 'IPv4', type: 8 },
              { family: 'IPv6', type: 128 },
            ],
          },
        ],
      },
      {
        endpoints: [{ matchLabels: { app: 'muted' } }],
        toPorts: [{ ports: [{ port: 54, protocol: 'UDP' }] }],
      },
    ],
  },
  {
    origin,
    name: 'muted',
    endpointSelector: { matchLabels: { app: 'muted' } },
    egress: [{ endpoints: [] }],
  },
];

const FILTER: PolicySpec = {
  origin,
  name: 'filter',
  endpointSelector: servers,
  ingress: [
    {
      toPorts: [{ ports: [{ port: 9090, protocol: 'TCP' }], rules: { http: [{ path: '/x' }] } }],
    },
  ],
};
