import { describe, expect, it } from 'vitest';
import { compileFor } from '../../src/engine/provenance.js';
import { documentOf } from '../../src/manifests/build.js';
import { readManifests } from '../../src/manifests/manifests.js';
import { RESERVED } from '../../src/model/identity.js';
import { canonicalSources } from '../../src/model/label-source.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { decide } from '../../src/verdict/decide.js';

const TCP = 6;
const UDP = 17;

const pod = (namespace: string, name: string, labels: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: ${namespace}, labels: { ${labels} } }
spec: { containers: [{ name: c, image: i }] }
---`;

/** Two namespaces, one of them labeled, and who is there. */
const WORLD = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { purpose: production } }
---
apiVersion: v1
kind: Namespace
metadata: { name: ops, labels: { team: operations } }
---${[
  pod('shop', 'web', 'app: bookstore, role: frontend'),
  pod('shop', 'api', 'app: bookstore, role: api'),
  pod('shop', 'db', 'app: bookstore, role: db'),
  pod('shop', 'stray', 'app: stray'),
  pod('ops', 'monitor', 'type: monitoring'),
  pod('ops', 'shell', 'type: shell'),
].join('')}`;

const PODS = ['web', 'api', 'db', 'stray', 'monitor', 'shell'] as const;
type Who = (typeof PODS)[number] | 'world';

/** A NetworkPolicy in `shop` by its spec. */
const policy = (name: string, spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
---`;

/** Who may open a connection to whom. */
function verdicts(...policies: readonly string[]) {
  const text = `${WORLD}${policies.join('')}`.replace(/---\s*$/, '');
  const document = canonicalSources(documentOf(readManifests([{ name: 'all.yaml', text }])));
  const allocation = allocateIdentities(document.endpoints);
  const [node] = document.nodes;
  if (node === undefined) throw new Error('there is no node');
  const { policy: compiled } = compileFor(document, node, allocation);
  const idOf = (who: Who): number => {
    if (who === 'world') return RESERVED['world-ipv4'];
    const found = document.endpoints.find(({ name }) => name.includes(who));
    if (found === undefined) throw new Error(`${who} is nowhere`);
    return allocation.idOf(found.labels);
  };
  const side = (who: Who) => ({ identity: idOf(who), isLocal: who !== 'world' });
  return (from: Who, to: Who, port = 80, protocol = TCP): boolean =>
    decide(compiled, side(from), side(to), protocol, port).allowed;
}

const whoReaches = (
  allows: ReturnType<typeof verdicts>,
  to: Who,
  port?: number,
  protocol?: number,
): Who[] =>
  [...PODS, 'world' as const].filter((who) => who !== to && allows(who, to, port, protocol));
const EVERYBODY = [...PODS, 'world'] as const;
const others = (...but: Who[]): Who[] => EVERYBODY.filter((who) => !but.includes(who));

describe('a recipe of NetworkPolicy', () => {
  it('denies all traffic to an application', () => {
    const allows = verdicts(
      policy('p', '{ podSelector: { matchLabels: { role: api } }, ingress: [] }'),
    );
    expect(whoReaches(allows, 'api')).toEqual([]);
    expect(whoReaches(allows, 'web')).toEqual(others('web'));
    expect(allows('api', 'web')).toBe(true);
  });

  it('limits traffic to an application', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { app: bookstore, role: api } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: bookstore } } }] }] }',
      ),
    );
    expect(whoReaches(allows, 'api')).toEqual(['web', 'db']);
  });

  it('allows all traffic to an application, whatever else denies', () => {
    const allows = verdicts(
      policy('deny', '{ podSelector: {}, policyTypes: [Ingress] }'),
      policy('p', '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{}] }'),
    );
    expect(whoReaches(allows, 'web')).toEqual(others('web'));
    expect(whoReaches(allows, 'db')).toEqual([]);
  });

  it('denies all traffic in a namespace that nothing allows', () => {
    const allows = verdicts(policy('p', '{ podSelector: {}, ingress: [] }'));
    for (const to of ['web', 'api', 'db', 'stray'] as const) {
      expect(whoReaches(allows, to)).toEqual([]);
    }
    expect(whoReaches(allows, 'monitor')).toEqual(others('monitor'));
  });

  it('denies traffic from other namespaces', () => {
    const allows = verdicts(
      policy('p', '{ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }'),
    );
    expect(whoReaches(allows, 'db')).toEqual(['web', 'api', 'stray']);
  });

  it('allows traffic from all namespaces, not from outside', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ from: [{ namespaceSelector: {} }] }] }',
      ),
    );
    expect(whoReaches(allows, 'web')).toEqual(others('web', 'world'));
  });

  it('allows traffic from a namespace', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: operations } } }] }] }',
      ),
    );
    expect(whoReaches(allows, 'web')).toEqual(['monitor', 'shell']);
  });

  it('allows traffic from some pods of another namespace', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: operations } }, podSelector: { matchLabels: { type: monitoring } } }] }] }',
      ),
    );
    expect(whoReaches(allows, 'web')).toEqual(['monitor']);
  });

  it('allows traffic from outside, on one port', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ ports: [{ port: 80 }], from: [] }] }',
      ),
    );
    expect(whoReaches(allows, 'web', 80)).toEqual(others('web'));
    expect(whoReaches(allows, 'web', 443)).toEqual([]);
  });

  it('allows traffic to one port of an application', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: api } }, ingress: [{ ports: [{ port: 5000 }], from: [{ podSelector: { matchLabels: { role: frontend } } }] }] }',
      ),
    );
    expect(whoReaches(allows, 'api', 5000)).toEqual(['web']);
    expect(whoReaches(allows, 'api', 80)).toEqual([]);
    expect(whoReaches(allows, 'api', 5000, UDP)).toEqual([]);
  });

  it('allows traffic from applications by several selectors', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: bookstore, role: api } } }, { podSelector: { matchLabels: { app: stray } } }] }] }',
      ),
    );
    expect(whoReaches(allows, 'db')).toEqual(['api', 'stray']);
  });

  it('denies an application all that it would open', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: api } }, policyTypes: [Egress], egress: [] }',
      ),
    );
    expect(EVERYBODY.filter((who) => who !== 'api' && allows('api', who))).toEqual([]);
    expect(allows('web', 'api')).toBe(true);
    expect(allows('web', 'db')).toBe(true);
  });

  it('lets an application ask for names alone', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: api } }, policyTypes: [Egress], egress: [{ ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }] }',
      ),
    );
    expect([allows('api', 'world', 53, UDP), allows('api', 'monitor', 53)]).toEqual([true, true]);
    expect([allows('api', 'world', 53, 132), allows('api', 'db', 80)]).toEqual([false, false]);
  });

  it('denies a namespace all that it would open', () => {
    const allows = verdicts(policy('p', '{ podSelector: {}, policyTypes: [Egress] }'));
    expect(allows('web', 'db')).toBe(false);
    expect(allows('web', 'world')).toBe(false);
    expect(allows('monitor', 'db')).toBe(true);
  });

  it('denies an application what is outside the cluster', () => {
    const allows = verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: {} }] }] }',
      ),
    );
    expect(allows('web', 'world')).toBe(false);
    expect([allows('web', 'db'), allows('web', 'monitor')]).toEqual([true, true]);
  });
});
