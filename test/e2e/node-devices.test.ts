import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestNode } from './node.js';
import { ProgramCopy } from './program.js';

const PROGRAM = `
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'pair', { mode: 'tunnel' });
const near = new Node(cluster, 'near', {
  podCIDRs: ['10.4.1.0/24', 'fd04:1::/64'],
  addresses: ['192.0.2.1', '2001:db8::1'],
  devices: ['up.0'],
  masquerade: true,
});
new Node(cluster, 'far', { podCIDRs: ['10.4.2.0/24'], addresses: ['192.0.2.2'], devices: ['up.0'] });
new Endpoint(near, 'one', { labels: { app: 'one' }, addresses: ['10.4.1.11'], netns: 'ndev-one' });
new Service(app, 'web', {
  addresses: ['10.96.4.1'],
  ports: [{ port: 80 }],
  selector: { matchLabels: { app: 'one' } },
});
new NetworkPolicy(app, 'near', {
  nodeSelector: {},
  ingress: [{ fromEntities: ['world'], toPorts: [tcp(22)] }],
});
`;

describe.sequential('what a node has besides its endpoints', () => {
  let node: TestNode;
  let program: ProgramCopy;
  let before: string[];

  beforeAll(async () => {
    program = new ProgramCopy();
    writeFileSync(program.path, PROGRAM);
    node = new TestNode('plumb-e2e-ndev');
    // A dot in its name: bpffs keeps such names for itself.
    node.ip('link', 'add', 'up.0', 'type', 'bridge');
    node.ip('link', 'set', 'up.0', 'up');
    before = networkOf();
    await apply();
  });

  afterAll(async () => {
    await node.dispose();
    program.dispose();
  });

  /** What the node's namespace holds, but for the uplink, which a test makes anew. */
  function networkOf(): string[] {
    const shown = [['link'], ['address'], ['route', 'show', 'table', 'all'], ['rule']];
    const lines = shown.flatMap((args) => node.ip('-o', ...args).split('\n'));
    const nft = execFileSync('nsenter', [
      `--net=/run/netns/${node.netns}`,
      'nft',
      'list',
      'tables',
    ]);
    return [...lines, String(nft)].filter((line) => !line.includes('up.0'));
  }

  async function apply(): Promise<void> {
    const result = await node.plumb('apply', program.path, '--node', 'near', '--yes');
    expect(result.stderr).not.toContain('PLB_');
    expect(result.code).toBe(0);
  }

  async function planned(): Promise<string[]> {
    const { steps } = await node.json<{ steps: { action: string; kind: string; key: string }[] }>(
      ...['plan', program.path, '--node', 'near'],
    );
    return steps.filter((s) => s.action !== 'commit').map((s) => `${s.action} ${s.kind} ${s.key}`);
  }

  it('is all there, and planned no second time', async () => {
    expect(await planned()).toEqual([]);
    const links = readdirSync(node.pin('links')).sort();
    expect(links).toEqual([
      'tcx-egress-plumb0',
      'tcx-egress-up:0',
      'tcx-ingress-plumb_vxlan',
      'tcx-ingress-up:0',
    ]);
    const vxlan = node.ip('-d', 'link', 'show', 'plumb_vxlan');
    expect(vxlan).toContain('external');
    expect(vxlan).toContain('mtu 1450');
  });

  it('shows exactly an attachment that was taken away, and restores exactly that', async () => {
    rmSync(join(node.pin('links'), 'tcx-ingress-up:0'));
    expect(await planned()).toEqual(['create bpf-link tcx/up.0/ingress']);
    await apply();
    expect(await planned()).toEqual([]);
  });

  it('attaches again to a device that was made anew', async () => {
    node.ip('link', 'delete', 'up.0');
    node.ip('link', 'add', 'up.0', 'type', 'bridge');
    node.ip('link', 'set', 'up.0', 'up');
    expect(await planned()).toEqual([
      'create bpf-link tcx/up.0/egress',
      'create bpf-link tcx/up.0/ingress',
    ]);
    await apply();
    expect(await planned()).toEqual([]);
  });

  it('restores a tunnel that was taken away, with what was attached to it', async () => {
    node.ip('link', 'delete', 'plumb_vxlan');
    expect(await planned()).toEqual(
      expect.arrayContaining([
        'create link plumb_vxlan',
        'create bpf-link tcx/plumb_vxlan/ingress',
      ]),
    );
    await apply();
    expect(await planned()).toEqual([]);
  });

  it('makes a tunnel with another port anew, and says what that interrupts', async () => {
    program.replace("{ mode: 'tunnel' }", "{ mode: 'tunnel', tunnelPort: 4789 }");
    expect(await planned()).toEqual(
      expect.arrayContaining(['replace link plumb_vxlan', 'update bpf-entries plumb_config']),
    );
    await apply();
    expect(await planned()).toEqual([]);
    expect(node.ip('-d', 'link', 'show', 'plumb_vxlan')).toContain('dstport 4789');
  });

  it('goes when the program no longer needs it', async () => {
    program.replace("{ mode: 'tunnel', tunnelPort: 4789 }", "{ mode: 'routes' }");
    program.replace('192.0.2.2', "192.0.2.2', '2001:db8::2");
    await apply();
    expect(await planned()).toEqual([]);
    expect(readdirSync(node.pin('links'))).not.toContain('tcx-ingress-plumb_vxlan');
    expect(node.ip('route', 'show', '10.4.2.0/24')).toContain('via 192.0.2.2 dev up.0 proto 80');
  });

  it('leaves nothing behind', async () => {
    expect((await node.plumb('destroy', '--yes')).code).toBe(0);
    expect(networkOf()).toEqual(before);
    expect(existsSync(node.pin('links'))).toBe(false);
  });
});
