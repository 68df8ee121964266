import { App, Cluster, Endpoint, Namespace, Node, Service, tcp, type NodeProps } from 'plumbline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NameBinding } from '../../src/policy/fqdn.js';
import { connection, Datapath, ProgramOnKernel, type Said } from './program-on-kernel.js';

/** Local endpoints, and room for more. */
const SLOTS = 7;

/**
 * Two namespaces on one node, whose API server is another node. `web` calls 80 `http`, and so does
 * `canary` with 8080; the service `till` leads from 80 to 8080 of `web`.
 */
export function town(props: Partial<NodeProps> = {}) {
  const app = new App();
  const cluster = new Cluster(app, 'rim', { mode: 'routes' });
  const node = new Node(cluster, 'naboo', {
    podCIDRs: ['10.6.0.0/24', 'fd06::/64'],
    addresses: ['192.168.6.1', 'fd60::1'],
    devices: ['eth0'],
    labels: { rack: 'a' },
    ...props,
  });
  const hoth = new Node(cluster, 'hoth', {
    podCIDRs: ['10.7.0.0/24', 'fd07::/64'],
    addresses: ['192.168.6.2', 'fd60::2'],
    devices: ['eth0'],
    labels: { rack: 'b' },
    isApiServer: true,
  });
  new Node(cluster, 'endor', {
    podCIDRs: ['10.8.0.0/24', 'fd08::/64'],
    addresses: ['192.168.6.3', 'fd60::3'],
    devices: ['eth0'],
    labels: { rack: 'c' },
  });
  const shop = new Namespace(app, 'shop', { labels: { team: 'red' } });
  const lobby = new Namespace(app, 'lobby', { labels: { team: 'blue' } });
  const make = (scope: Node, name: string, namespace: Namespace, at: number, more: object = {}) =>
    new Endpoint(scope, name, {
      labels: { app: name },
      namespace,
      addresses: [
        `10.${scope === node ? 6 : 7}.0.${String(at)}`,
        `fd0${scope === node ? 6 : 7}::${String(at)}`,
      ],
      ...more,
    });
  const web = make(node, 'web', shop, 21, {
    labels: { app: 'web', role: 'front' },
    ports: { http: tcp(80) },
  });
  const canary = make(node, 'canary', shop, 22, {
    labels: { app: 'web', role: 'test' },
    ports: { http: tcp(8080) },
  });
  const cart = make(node, 'cart', shop, 23);
  const guest = make(node, 'guest', lobby, 24);
  const probe = make(node, 'probe', lobby, 25, { labels: { app: 'probe', role: 'test' } });
  const remote = make(hoth, 'remote', shop, 26);
  const till = new Service(app, 'till', {
    addresses: ['10.96.0.1', 'fd96::1'],
    ports: [{ port: 80, targetPort: 8080 }],
    backends: [{ endpoint: web }],
  });
  return { app, node, shop, lobby, web, canary, cart, guest, probe, remote, till };
}

export type Town = ReturnType<typeof town>;

/** One thing that policies can say, and what the kernel makes of connections then. */
export type Line = {
  /** The name of the test. */
  readonly line: string;
  readonly say: (made: Town) => unknown;
  readonly node?: Partial<NodeProps>;
  /** What the DNS said. */
  readonly learned?: readonly NameBinding[];
} & Readonly<Partial<Record<Said, readonly string[]>>>;

/** Each line from constructs to the verdict of the shipped datapath, in both families. */
export function provenOnKernel(section: string, lines: readonly Line[]): void {
  describe(section, () => {
    let datapath: Datapath;
    beforeAll(async () => {
      datapath = await Datapath.open(SLOTS);
    });
    afterAll(() => datapath.close());

    for (const one of lines) it(one.line, () => prove(one, datapath));
  });
}

async function prove({ say, node, learned, ...line }: Line, datapath: Datapath) {
  const { allowed, denied, filtered, audited } = line;
  const wanted = Object.entries({ allowed, denied, filtered, audited }).flatMap(
    ([said, texts = []]) => texts.map((text) => [text, said] as const),
  );
  expect(wanted.length).toBeGreaterThan(1);
  const made = town(node);
  say(made);
  const { program } = await ProgramOnKernel.load(made.app.toDocument(), datapath, learned);
  const said = await program.judge(wanted.map(([text]) => connection(text)));
  expect(wanted.map(([text], n) => [text, said[n]])).toEqual(wanted);
}
