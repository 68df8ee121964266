import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settledInventory, steadyInventory, type Inventory } from '../kernel/inventory.js';
import { inside, runUnprivileged, TestNode } from './node.js';
import { ProgramCopy } from './program.js';

interface StepJson {
  phase: string;
  action: string;
  kind: string;
  key: string;
  before: unknown;
  after: unknown;
  origin: { path: string; file: string; line: number };
}
interface PlanJson {
  version: number;
  summary: { add: number; change: number; remove: number };
  steps: StepJson[];
  verdicts: unknown;
  maps: Record<string, { used: number; max: number }>;
  fingerprint: string;
}

const names = (plan: PlanJson): string[] => plan.steps.map((s) => `${s.action} ${s.kind} ${s.key}`);

describe.sequential('star-wars on a node of its own', () => {
  let node: TestNode;
  let program: ProgramCopy;
  let before: Inventory;
  let server: ChildProcess | undefined;

  beforeAll(async () => {
    program = new ProgramCopy();
    node = new TestNode('plumb-e2e-sw');
    before = await steadyInventory([node.netns]);
  });

  afterAll(async () => {
    server?.kill();
    await node.dispose();
    program.dispose();
  });

  const plan = (): Promise<PlanJson> => node.json<PlanJson>('plan', program.path);
  const apply = async (): Promise<void> => {
    const result = await node.plumb('apply', program.path, '--yes');
    expect(result.stderr + result.stdout).not.toContain('PLB_');
    expect(result.code).toBe(0);
  };
  const curl = async (from: string, url: string): Promise<string> => {
    const result = await inside(from, 'curl', '-s', '--max-time', '2', url);
    return result.stdout.trim();
  };

  it('plans against nothing without privileges, with every field that a reader needs', async () => {
    const result = await runUnprivileged('plan', program.path, '--json', '--state', 'empty');
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    const json = JSON.parse(result.stdout) as PlanJson;
    expect(json.version).toBe(1);
    expect(json.summary.add).toBeGreaterThan(0);
    expect(json.summary).toMatchObject({ change: 0, remove: 0 });
    expect(json.verdicts).toBeTypeOf('object');
    expect(json.maps['plumb_ipcache']).toMatchObject({ max: 512_000 });
    expect(json.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    for (const step of json.steps) {
      expect(Object.keys(step)).toEqual(
        expect.arrayContaining(['kind', 'key', 'action', 'before', 'after', 'phase', 'origin']),
      );
      expect(step.origin.path).not.toBe('');
      expect(step.origin.file).toMatch(/plumb\.ts$/);
      expect(step.origin.line).toBeGreaterThan(0);
    }
  });

  it('exits with 2 before apply and with 0 after', async () => {
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(2);
    await apply();
    const again = await node.plumb('plan', program.path, '--detailed-exitcode');
    expect(again.stdout).toContain('nothing to change');
    expect(again.code).toBe(0);
  });

  it('lets the empire land, in both families, and drops the alliance with the policy and its line', async () => {
    server = spawn('nsenter', [
      '--net=/run/netns/deathstar-1',
      'node',
      '-e',
      'require("http").createServer((_, r) => r.end("Ship landed")).listen(80, "::", () => console.log("up"))',
    ]);
    await new Promise((up) => server?.stdout?.once('data', up));
    expect(await curl('tiefighter-1', 'http://10.1.0.11/')).toBe('Ship landed');
    expect(await curl('tiefighter-2', 'http://[fd00:10:1::11]/')).toBe('Ship landed');
    await node.plumb('monitor', '--once');
    const shot = ['http://10.1.0.11/', 'http://[fd00:10:1::11]/'].map((url) => curl('xwing', url));
    expect(await Promise.all(shot)).toEqual(['', '']);
    const events = await node.json<{ verdict: string; policies: { origin: { line: number } }[] }[]>(
      'monitor',
      '--once',
      '--verdict',
      'denied',
    );
    expect(events.length).toBeGreaterThan(0);
    const line = program.text.split('\n').findIndex((l) => l.includes('new NetworkPolicy')) + 1;
    for (const event of events) {
      expect(event).toMatchObject({
        verdict: 'denied',
        reason: 'policy-default-deny',
        direction: 'ingress',
        source: { endpoint: 'xwing', labels: { org: 'alliance' } },
        destination: { endpoint: 'deathstar-1', port: 80 },
      });
      expect(event.policies.map((p) => p.origin.line)).toContain(line);
    }
  });

  it('lets the local host reach its endpoints and nothing else', async () => {
    const host = await inside(node.netns, 'curl', '-s', '--max-time', '2', 'http://10.1.0.11/');
    expect(host.stdout).toBe('Ship landed');
    const ping = await inside('tiefighter-1', 'ping', '-c1', '-W1', '10.1.0.11');
    expect(ping.code).not.toBe(0);
    const other = await inside('tiefighter-1', 'ping', '-c1', '-W1', '10.1.0.22');
    expect(other.code).toBe(0);
  });

  it.each([
    [
      'a map entry deleted with bpftool',
      () => {
        const key = [...Buffer.from(new Uint8Array(10)), 0xff, 0xff, 10, 1, 0, 11].map(String);
        execFileSync('bpftool', [
          'map',
          'delete',
          'pinned',
          node.pin('maps/plumb_ipcache'),
          'key',
          ...key,
        ]);
      },
      'bpf-entries plumb_ipcache',
    ],
    [
      'a route deleted with ip',
      () => node.ip('route', 'del', '10.1.0.11/32'),
      'route 10.1.0.11/32 dev lxcdeathstar-1',
    ],
    [
      'a filter removed with tc',
      () =>
        execFileSync('nsenter', [
          `--net=/run/netns/${node.netns}`,
          ...['tc', 'filter', 'del', 'block', String(0x706c01), 'pref', '1'],
        ]),
      'bpf-link tc-block/ingress',
    ],
  ])('shows exactly %s as drift and restores exactly that', async (_what, damage, expected) => {
    damage();
    const drift = await plan();
    const steps = drift.steps.filter((step) => step.action !== 'commit');
    expect(steps.map((s) => `${s.kind} ${s.key}`)).toEqual([expected]);
    await apply();
    expect((await plan()).steps).toEqual([]);
    expect(await curl('tiefighter-1', 'http://10.1.0.11/')).toBe('Ship landed');
  });

  it("never shows a stranger's route, rule, nft table, pin or program", async () => {
    node.ip('link', 'add', 'stranger0', 'type', 'bridge');
    node.ip('link', 'set', 'stranger0', 'up');
    node.ip('route', 'add', '10.9.0.0/24', 'dev', 'stranger0');
    node.ip('rule', 'add', 'fwmark', '7', 'lookup', '77');
    await inside(node.netns, 'nft', 'add', 'table', 'inet', 'stranger');
    execFileSync('bpftool', [
      ...['map', 'create', join(node.root, 'bpf/stranger'), 'type', 'hash', 'key', '4'],
      ...['value', '4', 'entries', '4', 'name', 'stranger'],
    ]);
    expect((await plan()).steps).toEqual([]);
    execFileSync('rm', [join(node.root, 'bpf/stranger')]);
    await inside(node.netns, 'nft', 'delete', 'table', 'inet', 'stranger');
    node.ip('rule', 'del', 'fwmark', '7', 'lookup', '77');
    node.ip('link', 'del', 'stranger0');
  });

  it('plans one table, one version, one head and one commit for another port', async () => {
    program.replace("'80'", "'8080'");
    const change = await plan();
    expect(names(change)).toEqual([
      expect.stringMatching(/^create bpf-entries plumb_tables\/[0-9a-f]{8}$/),
      expect.stringMatching(/^create bpf-entries plumb_refs\/[0-9a-f]{8}$/),
      'update bpf-entries plumb_heads',
      'commit bpf-entries plumb_config/epoch',
    ]);
    await apply();
    expect(await curl('tiefighter-1', 'http://10.1.0.11/')).toBe('');
    expect((await plan()).steps).toEqual([]);
    program.reset();
    await apply();
    expect(await curl('tiefighter-1', 'http://10.1.0.11/')).toBe('Ship landed');
  });

  it('plans only a device, addresses and a constant number of entries for a known identity', async () => {
    program.append(
      "new Endpoint(hoth, 'tiefighter-9', { labels: { org: 'empire', class: 'tiefighter' }, address: '10.1.0.29' });",
    );
    const change = await plan();
    const rows = change.steps.filter((s) => s.kind === 'bpf-entries' && s.action !== 'commit');
    expect(rows.map((s) => s.key).sort()).toEqual([
      'plumb_devices',
      'plumb_endpoints',
      'plumb_ipcache',
    ]);
    for (const step of rows) expect(step.after).toMatchObject({ rows: { length: 1 } });
    await apply();
    expect(await curl('tiefighter-9', 'http://10.1.0.11/')).toBe('Ship landed');
    program.reset();
    await apply();
  });

  it('adds one class entry for a new identity that selectors treat like a known one', async () => {
    program.append(
      "new Endpoint(hoth, 'shuttle', { labels: { org: 'empire', class: 'shuttle' }, address: '10.1.0.40' });",
    );
    const change = await plan();
    const policy = change.steps.filter((s) => /^plumb_(classes|heads|refs|tables)/.test(s.key));
    expect(names({ ...change, steps: policy })).toEqual(['create bpf-entries plumb_classes']);
    program.reset();
  });

  it('refuses a plan file that was edited by hand, and one that is stale, and touches nothing', async () => {
    program.replace("'80'", "'8080'");
    const file = join(program.directory, 'plan.json');
    expect((await node.plumb('plan', program.path, '--out', file)).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('8080', '8081'));
    const edited = await node.plumb('apply', file, '--yes');
    expect(edited.stderr).toContain('PLB_PLAN_EDITED');
    expect(edited.code).toBe(1);
    writeFileSync(file, text);
    node.ip('route', 'del', '10.1.0.11/32');
    const stale = await node.plumb('apply', file, '--yes');
    expect(stale.stderr).toContain('PLB_STALE_PLAN');
    expect(stale.stderr).toContain('10.1.0.11/32');
    expect(stale.code).toBe(1);
    program.reset();
    await apply();
  });

  it('leaves links, addresses, routes, rules, nft, qdiscs, programs, maps, pins and namespaces as before', async () => {
    server?.kill();
    const gone = await node.plumb('destroy', '--yes');
    expect(gone.code).toBe(0);
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
    await node.release();
    expect(await settledInventory(before, [node.netns])).toEqual(before);
  });
});
