import { describe, expect, it } from 'vitest';
import { groupErrors, withoutGroups } from '../../src/model/cidr-groups.js';
import { withCidrLabels } from '../../src/model/cidr-label.js';
import { NODE_IDENTITY_MIN, RESERVED } from '../../src/model/identity.js';
import type {
  Entity,
  NodeSpec,
  PolicySpec,
  ProgramDocument,
  RuleSpec,
} from '../../src/model/program.js';
import { validatePolicies } from '../../src/policy/validate.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { nodeIdentity, withNodes } from '../../src/synth/node-identities.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { decide } from '../../src/verdict/decide.js';

const origin = { path: 'x', line: 3 };
const node = (name: string, more: Partial<NodeSpec> = {}): NodeSpec => ({
  origin,
  name,
  podCIDRs: [],
  gateways: [],
  addresses: [],
  allowLocalhost: false,
  enforcement: 'default',
  mtu: 1500,
  ...more,
});
const endpoint = (name: string, address: string) => ({
  origin,
  name,
  node: 'hoth',
  labels: { app: name },
  addresses: [address],
  netns: name,
});
const hoth = node('hoth', { labels: { role: 'core' }, addresses: ['192.0.2.1'] });
const endor = node('endor', { labels: { role: 'edge' }, addresses: ['192.0.2.2'] });
const api = node('api', { isApiServer: true, addresses: ['192.0.2.9'] });
const plain = node('plain');

function documentOf(rule: RuleSpec): ProgramDocument {
  return withCidrLabels({
    version: 1,
    nodes: [hoth, endor, api, plain],
    endpoints: [endpoint('web', '10.1.0.5'), endpoint('db', '10.1.1.5')],
    services: [],
    policies: [
      { origin, name: 'p', endpointSelector: { matchLabels: { app: 'web' } }, ingress: [rule] },
    ],
  });
}

/** Who may reach the web endpoint, of endpoints, nodes and reserved identities. */
function reaching(rule: RuleSpec): string[] {
  const document = documentOf(rule);
  const allocation = allocateIdentities(document.endpoints);
  const identities = withNodes(allocation.identities, document.nodes, hoth);
  const idOf = (name: string) => {
    const found = document.endpoints.find((e) => e.name === name);
    return found === undefined ? 0 : allocation.idOf(found.labels);
  };
  const web = idOf('web');
  const compiled = compilePolicy({
    policies: document.policies,
    identities,
    subjects: [web],
    node: hoth,
  });
  const [ownNode, ...others] = document.nodes;
  const everybody: [string, number][] = [
    ['db', idOf('db')],
    ...[ownNode!, ...others].map((n): [string, number] => [n.name, nodeIdentity(n, hoth).id]),
    ...(['init', 'ingress', 'health', 'unmanaged', 'kube-apiserver', 'world-ipv4'] as const).map(
      (name): [string, number] => [name, RESERVED[name]],
    ),
  ];
  return everybody
    .filter(([, identity]) => {
      const from = { identity, isLocal: false };
      return decide(compiled, from, { identity: web, isLocal: true }, 6, 80).allowed;
    })
    .map(([name]) => name);
}

describe('nodes as peers', () => {
  it('are meant by their labels, this one too', () => {
    expect(reaching({ nodes: [{ matchLabels: { role: 'edge' } }] })).toEqual(['endor']);
    expect(reaching({ nodes: [{ matchLabels: { role: 'core' } }] })).toEqual(['hoth']);
    expect(reaching({ nodes: [{}] })).toEqual(['hoth', 'endor', 'api', 'plain']);
    expect(reaching({ nodes: [] })).toEqual([]);
  });

  it('have numbers by their labels, and the plain one without', () => {
    expect(nodeIdentity(hoth, hoth).id).toBe(RESERVED.host);
    expect(nodeIdentity(plain, hoth).id).toBe(RESERVED['remote-node']);
    const { id } = nodeIdentity(endor, hoth);
    expect(id & NODE_IDENTITY_MIN).not.toBe(0);
    expect(nodeIdentity({ ...endor, name: 'twin' }, hoth).id).toBe(id);
    expect(nodeIdentity({ ...endor, labels: { role: 'x' } }, hoth).id).not.toBe(id);
  });

  it('leave identities alone, to the object, where no node has labels', () => {
    const given = allocateIdentities([]).identities;
    expect(withNodes(given, [plain, node('other')], plain)).toBe(given);
  });
});

describe('entities', () => {
  const named = (...entities: Entity[]) => reaching({ entities });

  it.each<[Entity, string[]]>([
    ['host', ['hoth']],
    ['remote-node', ['endor', 'api', 'plain']],
    ['kube-apiserver', ['api', 'kube-apiserver']],
    ['init', ['init']],
    ['ingress', ['ingress']],
    ['health', ['health']],
    ['unmanaged', ['unmanaged']],
    ['world', ['world-ipv4']],
    ['world-ipv4', ['world-ipv4']],
    ['world-ipv6', []],
    ['none', []],
  ])('%s is %j', (entity, expected) => {
    expect(named(entity)).toEqual(expected);
  });

  it('cluster is everybody but the world, and all is everybody', () => {
    expect(named('cluster')).toEqual(named('all').filter((name) => name !== 'world-ipv4'));
    expect(named('all')).toHaveLength(11);
  });
});

describe('a CIDR', () => {
  const cidrSet = [{ cidr: '10.1.0.0/16', except: ['10.1.0.0/24'] }];

  it('means no endpoint, unless it says so, and then not those in its exceptions', () => {
    expect(reaching({ cidrSet })).toEqual([]);
    expect(reaching({ cidrSet, cidrMatchMode: ['pods'] })).toEqual(['db']);
    const except = [{ cidr: '10.1.0.0/16', except: ['10.1.1.0/24'] }];
    expect(reaching({ cidrSet: except, cidrMatchMode: ['pods'] })).toEqual([]);
  });

  it('means no node, unless it says so', () => {
    expect(reaching({ cidr: ['192.0.2.0/29'] })).toEqual([]);
    expect(reaching({ cidr: ['192.0.2.0/29'], cidrMatchMode: ['nodes'] })).toEqual([
      'hoth',
      'endor',
    ]);
    expect(reaching({ cidr: ['192.0.2.0/29'], cidrMatchMode: ['pods'] })).toEqual([]);
  });

  it('says whom it means only where there is one', () => {
    const policy: PolicySpec = {
      origin,
      name: 'p',
      endpointSelector: {},
      ingress: [{ cidrMatchMode: ['pods'], entities: ['all'] }],
    };
    expect(validatePolicies([policy], [])).toMatchObject([{ code: 'PLB_INVALID_CIDR' }]);
  });
});

describe('a CIDR group', () => {
  const cidrGroups = [
    { origin, name: 'office', labels: { kind: 'own' }, cidrs: ['10.0.0.0/8', '192.168.0.0/16'] },
    { origin, name: 'partner', labels: { kind: 'other' }, cidrs: ['172.16.0.0/12'] },
    { origin, name: 'nobody', labels: {}, cidrs: [] },
  ];
  const withRule = (rule: RuleSpec): ProgramDocument => ({
    version: 1,
    nodes: [],
    endpoints: [],
    services: [],
    cidrGroups,
    policies: [{ origin, name: 'p', endpointSelector: {}, egressDeny: [rule] }],
  });
  const resolved = (rule: RuleSpec) => withoutGroups(withRule(rule)).policies[0]?.egressDeny?.[0];

  it('is its prefixes, beside others, with the exceptions that are inside each', () => {
    const rule = {
      cidrSet: [{ cidr: '8.8.8.8/32' }],
      cidrGroups: [{ name: 'office', except: ['10.1.0.0/16'] }],
    };
    expect(resolved(rule)).toEqual({
      cidrSet: [
        { cidr: '8.8.8.8/32' },
        { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] },
        { cidr: '192.168.0.0/16' },
      ],
    });
  });

  it('may be selected by labels', () => {
    const selector = { matchLabels: { kind: 'other' } };
    expect(resolved({ cidrGroups: [{ selector }] })).toEqual({
      cidrSet: [{ cidr: '172.16.0.0/12' }],
    });
  });

  it('means nobody where it is empty, not everybody', () => {
    expect(resolved({ cidrGroups: [{ name: 'nobody' }] })).toEqual({ cidrSet: [] });
  });

  it('must be there when it is named', () => {
    expect(groupErrors(withRule({ cidrGroups: [{ name: 'ofice' }] }))).toMatchObject([
      { code: 'PLB_UNKNOWN_GROUP', origin },
    ]);
    expect(groupErrors(withRule({ cidrGroups: [{ name: 'office' }] }))).toEqual([]);
  });
});
