import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { matrixOf } from '../../src/engine/matrix.js';
import { compileFor } from '../../src/engine/provenance.js';
import { RESERVED } from '../../src/model/identity.js';
import type {
  EndpointSpec,
  NodeSpec,
  PolicySpec,
  ProgramDocument,
} from '../../src/model/program.js';
import { graphOf } from '../../src/report/graph.js';
import { renderMatrix, renderMatrixMarkdown } from '../../src/report/matrix.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { columnsOf } from '../../src/verdict/columns.js';
import { decide, type Side } from '../../src/verdict/decide.js';
import { UNNAMED } from '../../src/verdict/segments.js';
import { worldWithRequests } from '../policy/arbitraries.js';
import { compileWorld } from '../policy/resolve.js';

const desired = await synthesize('examples/star-wars/plumb.ts');
const made = matrixOf(desired);

function ports(from: string, to: string, of = made) {
  const id = (part: string) => of.peers.find(({ name }) => name.includes(part))?.id;
  return of.pairs.find((pair) => pair.from === id(from) && pair.to === id(to))?.ports;
}

describe('the matrix of star wars', () => {
  it('lets the empire land on port 80 alone, and the alliance nowhere', () => {
    expect(ports('tiefighter', 'deathstar')).toEqual({ '80/TCP': true, other: false });
    expect(ports('xwing', 'deathstar')).toEqual({ '80/TCP': false, other: false });
    expect(ports('world-ipv4', 'deathstar')).toEqual({ '80/TCP': false, other: false });
    expect(ports('deathstar', 'xwing')).toEqual({ '80/TCP': true, other: true });
  });

  it('lets the local host reach its own endpoints, and says nothing of pairs that are not here', () => {
    expect(ports('host', 'deathstar')).toEqual({ '80/TCP': true, other: true });
    expect(ports('host', 'world-ipv4')).toBeUndefined();
    expect(made.pairs).toHaveLength(3 * 3 + 2 * 3 * 3);
  });

  it('splits ranges that overlap, so that one answer holds for each column', () => {
    const { document, node, allocation } = desired;
    const [policy] = document.policies;
    if (policy === undefined) throw new Error('the program has no policy');
    const deny = [{ toPorts: [{ ports: [{ port: 70, endPort: 90, protocol: 'TCP' as const }] }] }];
    const allow = [{ toPorts: [{ ports: [{ port: 80, endPort: 99, protocol: 'TCP' as const }] }] }];
    const policies = [{ ...policy, ingress: allow, ingressDeny: deny }];
    const split = matrixOf(compileFor({ ...document, policies }, node, allocation));
    expect(ports('xwing', 'deathstar', split)).toEqual({
      '70-90/TCP': false,
      '91-99/TCP': true,
      other: false,
    });
  });

  it('is a table of Markdown with a row for each pair', () => {
    const lines = renderMatrixMarkdown(made).split('\n');
    expect(lines[0]).toBe('| from | to | 80/TCP | other |');
    expect(lines).toHaveLength(made.pairs.length + 2);
    expect(lines).toContain('| host | {class=xwing,org=alliance} xwing | yes | yes |');
  });

  it('is a table for terminals, with the names of endpoints', () => {
    const lines = renderMatrix(made, { colour: false }).split('\n');
    expect(lines[0]).toMatch(/^from +to +80\/TCP +other$/);
    expect(lines).toHaveLength(made.pairs.length + 1);
    expect(
      lines.filter((line) => /tiefighter-1.*\{.*deathstar-1.* yes +no$/.test(line)),
    ).toHaveLength(1);
  });
});

describe('the matrix where rules of layer 7 filter', () => {
  it('says what of it passes, in the document, the table and the picture', async () => {
    const filtered = matrixOf(await synthesize('examples/star-wars-l7/plumb.ts'));
    const id = (part: string) => filtered.peers.find(({ name }) => name.includes(part))?.id;
    const landing = filtered.pairs.find(
      ({ from, to }) => from === id('tiefighter') && to === id('deathstar'),
    );
    expect(landing?.ports['80/TCP']).toBe(true);
    expect(landing?.filtered).toEqual({ '80/TCP': 'http POST /v1/request-landing' });
    expect(renderMatrixMarkdown(filtered)).toContain('| only http POST /v1/request-landing |');
    expect(graphOf(filtered)).toContain('80/TCP in part');
    expect(made.pairs.filter((pair) => pair.filtered !== undefined)).toEqual([]);
  });
});

const origin = { path: 'p', file: 'p.ts', line: 1 };
const lone = {
  endpoints: [
    {
      origin,
      name: 'web',
      node: 'n',
      labels: { app: 'web', 'port:http': '8080/TCP' },
      addresses: ['10.0.0.1'],
      netns: 'web',
    },
    {
      origin,
      name: 'cli',
      node: 'n',
      labels: { app: 'cli' },
      addresses: ['10.0.0.2'],
      netns: 'cli',
    },
  ] satisfies EndpointSpec[],
  nodes: [
    {
      origin,
      name: 'n',
      podCIDRs: ['10.0.0.0/24'],
      gateways: ['10.0.0.254'],
      addresses: [],
      allowLocalhost: true,
      enforcement: 'default',
      mtu: 1500,
    },
    {
      origin,
      name: 'm',
      labels: { rack: 'r1' },
      podCIDRs: ['10.0.1.0/24'],
      gateways: ['10.0.1.254'],
      addresses: [],
      allowLocalhost: true,
      enforcement: 'default',
      mtu: 1500,
    },
  ] satisfies NodeSpec[],
};

/** The matrix of policies about two endpoints of one of two nodes. */
function matrixWith(policies: readonly Partial<PolicySpec>[], node: Partial<NodeSpec> = {}) {
  const [own, other] = lone.nodes;
  const here = { ...own!, ...node };
  const document: ProgramDocument = {
    version: 1,
    nodes: [here, other!],
    endpoints: lone.endpoints,
    policies: policies.map((spec, i) => ({
      name: `p${String(i)}`,
      origin,
      endpointSelector: { matchLabels: { app: 'web' } },
      ...spec,
    })),
    services: [],
  };
  return matrixOf(compileFor(document, here, allocateIdentities(lone.endpoints)));
}

const tcp = (port: number | string) => [{ ports: [{ port, protocol: 'TCP' as const }] }];

describe('the matrix', () => {
  it('has a column for a port that a rule calls by its name', () => {
    const named = matrixWith([
      { ingress: [{ endpoints: [{ matchLabels: { app: 'cli' } }], toPorts: tcp('http') }] },
    ]);
    expect(ports('app=cli', 'app=web', named)).toEqual({ '8080/TCP': true, other: false });
    expect(ports('world-ipv4', 'app=web', named)).toEqual({ '8080/TCP': false, other: false });
  });

  it('has peers for prefixes, names, other nodes, and reserved identities that rules name', () => {
    const made = matrixWith([
      { ingress: [{ cidr: ['192.0.2.0/24'], toPorts: tcp(22) }] },
      { ingress: [{ nodes: [{ matchLabels: { rack: 'r1' } }], toPorts: tcp(23) }] },
      { ingress: [{ entities: ['kube-apiserver'], toPorts: tcp(24) }] },
      { egress: [{ fqdns: [{ matchName: 'api.example.com' }], toPorts: tcp(25) }] },
    ]);
    const opened = made.pairs
      .filter(({ ports: { other }, from, to }) => other === false && from !== to)
      .flatMap(({ from, to, ports: own }) => {
        const name = (id: number) => made.peers.find((peer) => peer.id === id)?.name ?? '';
        const open = Object.keys(own).filter((port) => own[port] === true);
        return open.map((port) => `${name(from)} > ${name(to)} ${port}`);
      })
      .map((text) => text.replace('{app=web,port:http=8080/TCP}', 'web'));
    expect(opened.sort()).toEqual([
      '192.0.2.0/24 > web 22/TCP',
      'kube-apiserver > web 24/TCP',
      'node m > web 23/TCP',
      'web > api.example.com (IPv4) 25/TCP',
      'web > api.example.com (IPv6) 25/TCP',
    ]);
    expect(made.peers.find(({ kind }) => kind === 'endpoints')?.endpoints).toEqual(['cli']);
  });

  it('shows what is only audited as what passes, and says so', () => {
    const closed = [{ ingress: [{ cidr: ['192.0.2.0/24'], toPorts: tcp(22) }] }];
    for (const one of [
      matrixWith(closed, { audit: true }),
      matrixWith([{ ...closed[0], audit: true }]),
    ]) {
      const id = (part: string) => one.peers.find(({ name }) => name.includes(part))?.id;
      const pair = one.pairs.find(({ from, to }) => from === id('cli') && to === id('web'));
      expect(pair).toMatchObject({ ports: { other: true }, audited: ['22/TCP', 'other'] });
      expect(renderMatrixMarkdown(one)).toContain('yes, audited');
    }
  });

  it('says of every column, and of every port that has none, what the verdict is', () => {
    fc.assert(
      fc.property(worldWithRequests, (one) => {
        const policy = compileWorld(one);
        const columns = columnsOf(policy);
        const named = new Set([...policy.tables.values()].flat().map(({ protocol }) => protocol));
        named.add(47).delete(0);
        const ends = policy.identities.map(({ id }) => ({
          identity: id,
          isLocal: id !== RESERVED.host && policy.policySets.has(id),
        }));
        const said = (from: Side, to: Side, protocol: number, port: number) => {
          const { allowed, egress, ingress } = decide(policy, from, to, protocol, port);
          const words = [egress, ingress].map((v) => [v?.audited, v?.entry?.listener ?? 0].join());
          return [allowed, ...words].join(' ');
        };
        for (const from of ends) {
          for (const to of ends) {
            if (!from.isLocal && !to.isLocal) continue;
            for (const protocol of named) {
              for (const port of [...PORTS, ...columns.flatMap((c) => [c.from, c.to])]) {
                const column = columns.find(
                  (c) => c.protocol === protocol && c.from <= port && port <= c.to,
                );
                const at = column ?? { protocol: UNNAMED, from: 0 };
                const inColumn = said(from, to, at.protocol, at.from);
                if (said(from, to, protocol, port) !== inColumn) {
                  expect.fail(`${protocol}:${port} is not as its column`);
                }
              }
            }
          }
        }
      }),
      { numRuns: 15 },
    );
  });
});

const PORTS = [0, 1, 53, 80, 81, 443, 2048, 8080, 65_535];
