import { describe, expect, it } from 'vitest';
import { lintsOf } from '../../src/lint/lints.js';
import type { EndpointSpec, PolicySpec, ProgramDocument } from '../../src/model/program.js';
import { compileFor } from '../../src/engine/provenance.js';
import { allocateIdentities } from '../../src/synth/identities.js';

const at = (path: string, line: number) => ({ path, file: 'plumb.ts', line });

const ENDPOINTS: readonly EndpointSpec[] = ['deathstar', 'tiefighter', 'xwing'].map((name, n) => ({
  origin: at(`hoth/${name}`, 5 + n),
  name,
  node: 'hoth',
  labels: { class: name, org: name === 'xwing' ? 'alliance' : 'empire' },
  addresses: [`10.1.0.${String(11 + n)}`],
  netns: name,
}));

function documentOf(
  policies: readonly Partial<PolicySpec>[],
  endpoints = ENDPOINTS,
): ProgramDocument {
  return {
    version: 1,
    nodes: [
      {
        origin: at('hoth', 3),
        name: 'hoth',
        podCIDRs: ['10.1.0.0/24'],
        gateways: ['10.1.0.1'],
        addresses: [],
        allowLocalhost: true,
        enforcement: 'default',
        mtu: 1500,
      },
    ],
    endpoints,
    policies: policies.map((policy, n) => ({
      origin: at(`rule${String(n)}`, 20 + n),
      name: `rule${String(n)}`,
      endpointSelector: { matchLabels: { class: 'deathstar' } },
      ...policy,
    })),
    services: [],
  };
}

function lint(document: ProgramDocument, more: object = {}) {
  const node = document.nodes[0]!;
  const allocation = allocateIdentities(document.endpoints);
  const { policy } = compileFor(document, node, allocation);
  return lintsOf({ document, node, policy, ...more });
}

const codes = (policies: readonly Partial<PolicySpec>[]) =>
  lint(documentOf(policies)).map(({ code }) => code);

const EMPIRE = { matchLabels: { org: 'empire' } };
const ports = (...numbers: string[]) => [
  { ports: numbers.map((port) => ({ port, protocol: 'TCP' as const })) },
];

describe('lints of a program', () => {
  it('find nothing in policies that name whom they mean', () => {
    expect(codes([{ ingress: [{ endpoints: [EMPIRE], toPorts: ports('80') }] }])).toEqual([]);
  });

  it('find a policy and a peer that nobody is, at their lines', () => {
    const rebels = { matchLabels: { org: 'rebels' } };
    const found = lint(
      documentOf([
        { endpointSelector: rebels, ingress: [{ endpoints: [EMPIRE] }] },
        { ingress: [{ origin: at('rule1', 44), endpoints: [EMPIRE, rebels] }] },
      ]),
    );
    expect(found).toMatchObject([
      { code: 'PLL_SELECTS_NOTHING', severity: 'warning', origin: { line: 20 } },
      { code: 'PLL_NO_PEER', severity: 'warning', origin: { line: 44 } },
    ]);
    expect(found[0]!.message).toContain('no endpoint is {org=rebels}');
  });

  it('find a rule with nobody in its list of peers, and one about nodes that there are not', () => {
    expect(codes([{ ingress: [{ endpoints: [] }] }])).toEqual(['PLL_NO_PEER']);
    expect(codes([{ egress: [{ cidrSet: [] }] }])).toEqual(['PLL_NO_PEER']);
    expect(codes([{ ingress: [{ nodes: [EMPIRE] }] }])).toEqual(['PLL_NO_PEER']);
    expect(codes([{ ingress: [{ entities: ['none'] }] }])).toEqual([]);
  });

  it('find rules that are wider than they look', () => {
    expect(codes([{ ingress: [{ toPorts: ports('80') }] }])).toEqual(['PLL_ANY_PEER']);
    expect(codes([{ ingress: [{ entities: ['all'] }] }])).toEqual(['PLL_ANY_PEER']);
    expect(codes([{ egress: [{ entities: ['world'] }] }])).toEqual(['PLL_WORLD']);
    expect(codes([{ egress: [{ cidr: ['0.0.0.0/0'] }] }])).toEqual(['PLL_WORLD']);
    expect(codes([{ egress: [{ cidr: ['10.0.0.0/8'] }] }])).toEqual([]);
    expect(codes([{ ingress: [{ endpoints: [{}] }] }])).toEqual(['PLL_EVERYBODY']);
    expect(codes([{ endpointSelector: {}, ingress: [{ endpoints: [EMPIRE] }] }])).toEqual([
      'PLL_EVERYBODY',
    ]);
  });

  it('leave what denies alone, however wide it is', () => {
    expect(codes([{ ingressDeny: [{ entities: ['all'] }, { toPorts: ports('80') }] }])).toEqual([]);
  });

  it('find a rule that is denied, and one that is allowed already, and name the other line', () => {
    const found = lint(
      documentOf([
        { ingress: [{ endpoints: [EMPIRE], toPorts: ports('80', '443') }] },
        { ingress: [{ endpoints: [EMPIRE], toPorts: ports('443') }] },
        { ingress: [{ endpoints: [EMPIRE], toPorts: ports('22') }] },
        { ingressDeny: [{ endpoints: [EMPIRE], toPorts: ports('22') }] },
      ]),
    );
    expect(found).toMatchObject([
      { code: 'PLL_UNREACHABLE', origin: { line: 22 } },
      { code: 'PLL_SHADOWED', origin: { line: 21 } },
    ]);
    expect(found[0]!.message).toContain('rule3 (plumb.ts:23) denies all of it');
    expect(found[1]!.message).toContain('rule0 (plumb.ts:20) allows it already');
  });

  it('find what another tier decides already, however it is said', () => {
    const ssh = { endpoints: [EMPIRE], toPorts: ports('22') };
    const admin = { tier: 'Admin' as const, priority: 1 };
    const found = lint(
      documentOf([
        { ...admin, ingress: [{ ...ssh, action: 'Accept' }] },
        { ingressDeny: [ssh], ingress: [{ endpoints: [EMPIRE], toPorts: ports('80') }] },
        { tier: 'Baseline', priority: 1, ingress: [{ ...ssh, action: 'Accept' }] },
        { ...admin, priority: 9, ingress: [{ ...ssh, action: 'Pass' }] },
      ]),
    );
    expect(found.map(({ code, origin, message }) => `${code} ${String(origin.line)} ${message}`))
      .toMatchInlineSnapshot(`
      [
        "PLL_UNREACHABLE 21 a rule of policy rule1 denies nothing: rule0 (plumb.ts:20) allows all of it",
        "PLL_SHADOWED 22 a rule of policy rule2 allows nothing new: rule0 (plumb.ts:20) allows it already",
        "PLL_SHADOWED 23 a rule of policy rule3 leaves its tier for nothing: rule0 (plumb.ts:20) says the same without it",
      ]
    `);
  });

  it('find a rule about requests that a plain one makes needless, and none that adds a path', () => {
    const get = (path: string) => [
      {
        ports: [{ port: '80', protocol: 'TCP' as const }],
        rules: { http: [{ method: 'GET', path }] },
      },
    ];
    const rule = (path: string) => ({ ingress: [{ endpoints: [EMPIRE], toPorts: get(path) }] });
    const plain = { ingress: [{ endpoints: [EMPIRE], toPorts: ports('80') }] };
    expect(codes([rule('/a'), rule('/b')])).toEqual([]);
    expect(codes([rule('/a'), rule('/a')])).toEqual(['PLL_SHADOWED']);
    expect(codes([rule('/a'), rule('/b'), plain])).toEqual(['PLL_SHADOWED', 'PLL_SHADOWED']);
  });

  it('find a label that makes nearly every endpoint an identity of its own', () => {
    const fleet = Array.from({ length: 20 }, (_, n) => ({
      ...ENDPOINTS[0]!,
      name: `ds${String(n)}`,
      labels: { class: 'deathstar', serial: String(n) },
    }));
    const found = lint(documentOf([], fleet));
    expect(found).toMatchObject([{ code: 'PLL_HIGH_CARDINALITY', origin: { line: 5 } }]);
    expect(found[0]!.message).toContain('label serial has 20 values among 20 endpoints');
    expect(lint(documentOf([], fleet.slice(0, 9)))).toEqual([]);
  });

  it('find a map that is nearly full', () => {
    const maps = { plumb_refs: { used: 81, max: 100 }, plumb_tables: { used: 80, max: 100 } };
    const found = lint(documentOf([]), { maps });
    expect(found).toMatchObject([{ code: 'PLL_MAP_NEARLY_FULL', origin: { path: 'hoth' } }]);
    expect(found[0]!.message).toContain('plumb_refs will hold 81 of 100');
  });

  it('are silenced at a construct and below it, with the reason, and nowhere else', () => {
    const document = documentOf([
      { ingress: [{ entities: ['world'] }] },
      { ingress: [{ entities: ['world'] }] },
    ]);
    const lintIgnores = [
      { path: 'rule0', code: 'PLL_WORLD', reason: 'a public site' },
      { path: 'rule1', code: 'PLL_ANY_PEER', reason: 'nothing here' },
    ];
    const found = lint({ ...document, lintIgnores });
    expect(found.filter(({ code }) => code === 'PLL_WORLD').map(({ ignored }) => ignored)).toEqual([
      'a public site',
      undefined,
    ]);
    expect(found.at(-1)).toMatchObject({ code: 'PLL_UNUSED_IGNORE', origin: { path: 'rule1' } });
  });
});
