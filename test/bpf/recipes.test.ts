import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentOf } from '../../constructs/build-calls.js';
import { readManifests } from '../../src/manifests/manifests.js';
import { RESERVED } from '../../src/model/identity.js';
import { decide } from '../../src/verdict/decide.js';
import { Datapath, ProgramOnKernel } from './program-on-kernel.js';

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

/** Who may open a connection to whom: as the policy is compiled, and as the kernel judges. */
async function verdicts(...policies: readonly string[]) {
  const text = `${WORLD}${policies.join('')}`.replace(/---\s*$/, '');
  const written = documentOf(readManifests([{ name: 'all.yaml', text }]));
  const {
    program,
    node,
    allocation,
    policy: compiled,
  } = await ProgramOnKernel.load(written, datapath);
  const nameOf = (who: Who): string =>
    written.endpoints.find(({ name }) => name.includes(who))?.name ?? who;
  const side = (who: Who) => {
    const found = written.endpoints.find(({ name }) => name === nameOf(who));
    return found === undefined
      ? { identity: RESERVED['world-ipv4'], isLocal: false }
      : { identity: allocation.idOf(found.labels), isLocal: found.node === node.name };
  };
  return async (from: Who, to: Who, port = 80, protocol = TCP): Promise<boolean> => {
    const { allowed } = decide(compiled, side(from), side(to), protocol, port);
    const connection = { from: nameOf(from), to: nameOf(to), protocol, port };
    const [said] = await program.judge([connection]);
    expect(said, JSON.stringify(connection)).toBe(allowed ? 'allowed' : 'denied');
    return allowed;
  };
}

type Allows = Awaited<ReturnType<typeof verdicts>>;

async function whoReaches(allows: Allows, to: Who, port?: number, protocol?: number) {
  const reach: Who[] = [];
  for (const who of EVERYBODY) {
    if (who !== to && (await allows(who, to, port, protocol))) reach.push(who);
  }
  return reach;
}
const EVERYBODY = [...PODS, 'world'] as const;
const others = (...but: Who[]): Who[] => EVERYBODY.filter((who) => !but.includes(who));

let datapath: Datapath;
beforeAll(async () => {
  datapath = await Datapath.open(PODS.length);
});
afterAll(() => datapath.close());

describe('a recipe of NetworkPolicy', () => {
  it('denies all traffic to an application', async () => {
    const allows = await verdicts(
      policy('p', '{ podSelector: { matchLabels: { role: api } }, ingress: [] }'),
    );
    expect(await whoReaches(allows, 'api')).toEqual([]);
    expect(await whoReaches(allows, 'web')).toEqual(others('web'));
    expect(await allows('api', 'web')).toBe(true);
  });

  it('limits traffic to an application', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { app: bookstore, role: api } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: bookstore } } }] }] }',
      ),
    );
    expect(await whoReaches(allows, 'api')).toEqual(['web', 'db']);
  });

  it('allows all traffic to an application, whatever else denies', async () => {
    const allows = await verdicts(
      policy('deny', '{ podSelector: {}, policyTypes: [Ingress] }'),
      policy('p', '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{}] }'),
    );
    expect(await whoReaches(allows, 'web')).toEqual(others('web'));
    expect(await whoReaches(allows, 'db')).toEqual([]);
  });

  it('denies all traffic in a namespace that nothing allows', async () => {
    const allows = await verdicts(policy('p', '{ podSelector: {}, ingress: [] }'));
    for (const to of ['web', 'api', 'db', 'stray'] as const) {
      expect(await whoReaches(allows, to)).toEqual([]);
    }
    expect(await whoReaches(allows, 'monitor')).toEqual(others('monitor'));
  });

  it('denies traffic from other namespaces', async () => {
    const allows = await verdicts(
      policy('p', '{ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }'),
    );
    expect(await whoReaches(allows, 'db')).toEqual(['web', 'api', 'stray']);
  });

  it('allows traffic from all namespaces, not from outside', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ from: [{ namespaceSelector: {} }] }] }',
      ),
    );
    expect(await whoReaches(allows, 'web')).toEqual(others('web', 'world'));
  });

  it('allows traffic from a namespace', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: operations } } }] }] }',
      ),
    );
    expect(await whoReaches(allows, 'web')).toEqual(['monitor', 'shell']);
  });

  it('allows traffic from some pods of another namespace', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: operations } }, podSelector: { matchLabels: { type: monitoring } } }] }] }',
      ),
    );
    expect(await whoReaches(allows, 'web')).toEqual(['monitor']);
  });

  it('allows traffic from outside, on one port', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, ingress: [{ ports: [{ port: 80 }], from: [] }] }',
      ),
    );
    expect(await whoReaches(allows, 'web', 80)).toEqual(others('web'));
    expect(await whoReaches(allows, 'web', 443)).toEqual([]);
  });

  it('allows traffic to one port of an application', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: api } }, ingress: [{ ports: [{ port: 5000 }], from: [{ podSelector: { matchLabels: { role: frontend } } }] }] }',
      ),
    );
    expect(await whoReaches(allows, 'api', 5000)).toEqual(['web']);
    expect(await whoReaches(allows, 'api', 80)).toEqual([]);
    expect(await whoReaches(allows, 'api', 5000, UDP)).toEqual([]);
  });

  it('allows traffic from applications by several selectors', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: bookstore, role: api } } }, { podSelector: { matchLabels: { app: stray } } }] }] }',
      ),
    );
    expect(await whoReaches(allows, 'db')).toEqual(['api', 'stray']);
  });

  it('denies an application all that it would open', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: api } }, policyTypes: [Egress], egress: [] }',
      ),
    );
    for (const to of others('api')) expect(await allows('api', to)).toBe(false);
    expect(await allows('web', 'api')).toBe(true);
    expect(await allows('web', 'db')).toBe(true);
  });

  it('lets an application ask for names alone', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: api } }, policyTypes: [Egress], egress: [{ ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }] }',
      ),
    );
    expect([await allows('api', 'world', 53, UDP), await allows('api', 'monitor', 53)]).toEqual([
      true,
      true,
    ]);
    expect([await allows('api', 'world', 53, 132), await allows('api', 'db', 80)]).toEqual([
      false,
      false,
    ]);
  });

  it('denies a namespace all that it would open', async () => {
    const allows = await verdicts(policy('p', '{ podSelector: {}, policyTypes: [Egress] }'));
    expect(await allows('web', 'db')).toBe(false);
    expect(await allows('web', 'world')).toBe(false);
    expect(await allows('monitor', 'db')).toBe(true);
  });

  it('denies an application what is outside the cluster', async () => {
    const allows = await verdicts(
      policy(
        'p',
        '{ podSelector: { matchLabels: { role: frontend } }, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: {} }] }] }',
      ),
    );
    expect(await allows('web', 'world')).toBe(false);
    expect([await allows('web', 'db'), await allows('web', 'monitor')]).toEqual([true, true]);
  });
});
