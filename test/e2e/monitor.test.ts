import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainedEvent } from '../../src/report/event.js';
import type { VerdictAnswer } from '../../src/report/verdict.js';
import { TrafficAgent } from '../traffic/agent.js';
import { TestNode } from './node.js';
import { ProgramCopy } from './program.js';

/** Everybody meets the death star: the alliance, the empire, a spy that is only audited, and by ICMP. */
describe.sequential('plumb monitor beside real traffic', () => {
  let node: TestNode;
  let program: ProgramCopy;
  const agents = new Map<string, TrafficAgent>();
  const agent = (name: string): TrafficAgent => agents.get(name)!;

  beforeAll(async () => {
    program = new ProgramCopy();
    program.replace(
      "'fd00:10:1::/64'] }",
      "'fd00:10:1::/64'], eventBytes: true, eventAllowed: true }",
    );
    program.append(
      "new Endpoint(hoth, 'deathstar-3', { labels: { org: 'empire', class: 'deathstar' }, address: '10.1.0.13', audit: true });",
    );
    node = new TestNode('plumb-e2e-mon');
    const result = await node.plumb('apply', program.path, '--yes');
    expect(result.stderr).toBe('');
    for (const name of ['xwing', 'tiefighter-1', 'deathstar-1', 'deathstar-3']) {
      agents.set(name, await TrafficAgent.open(name));
    }
    for (const name of ['deathstar-1', 'deathstar-3']) await agent(name).serve('tcp', 80, name);
  });

  afterAll(async () => {
    for (const one of agents.values()) one.close();
    await node.dispose();
    program.dispose();
  });

  async function story(): Promise<void> {
    await Promise.all([
      agent('xwing').probe('tcp', '10.1.0.11', 80),
      agent('xwing').probe('tcp', 'fd00:10:1::11', 80),
      agent('xwing').probe('tcp', '10.1.0.13', 80),
      agent('tiefighter-1').probe('tcp', '10.1.0.11', 80),
      agent('tiefighter-1').probe('tcp', '10.1.0.11', 22),
      agent('tiefighter-1').probe('icmp', '10.1.0.11', 0),
    ]);
  }

  /** What is shown of a story, each event once, as `source>destination:what verdict`. */
  async function shown(...filter: readonly string[]): Promise<string[]> {
    await node.plumb('monitor', '--once');
    await story();
    const events = await node.json<ExplainedEvent[]>('monitor', '--once', ...filter);
    for (const event of events) expect(event).toMatchObject({ version: 1, type: 'packet' });
    const texts = events.map(({ source, destination, verdict, icmp }) => {
      const what = icmp === undefined ? String(destination.port) : (icmp.name ?? '');
      const family = source.address.includes(':') ? '6' : '';
      return `${source.endpoint ?? ''}>${destination.endpoint ?? ''}:${what}${family} ${verdict}`;
    });
    return [...new Set(texts)].sort();
  }

  const LANDED = 'tiefighter-1>deathstar-1:80 allowed';
  const KNOCKED = 'tiefighter-1>deathstar-1:22 denied';
  const PINGED = 'tiefighter-1>deathstar-1:EchoRequest denied';
  const SHOT = 'xwing>deathstar-1:80 denied';
  const SHOT6 = 'xwing>deathstar-1:806 denied';
  const SPIED = 'xwing>deathstar-3:80 audited';

  it.each<[string, readonly string[], readonly string[]]>([
    ['everything', [], [KNOCKED, LANDED, PINGED, SHOT, SHOT6, SPIED]],
    ['an endpoint by name', ['--endpoint', 'xwing'], [SHOT, SHOT6, SPIED]],
    ['an endpoint by labels', ['--endpoint', 'org=alliance'], [SHOT, SHOT6, SPIED]],
    ['a peer', ['--endpoint', 'xwing', '--peer', 'deathstar-3'], [SPIED]],
    ['a range', ['--peer', '10.1.0.13/32'], [SPIED]],
    ['drops', ['--verdict', 'deny'], [KNOCKED, PINGED, SHOT, SHOT6]],
    ['what is only audited', ['--verdict', 'audit'], [SPIED]],
    ['what is allowed', ['--verdict', 'allow'], [LANDED]],
    ['a port', ['--port', '22/TCP'], [KNOCKED]],
    ['a type of ICMP', ['--port', 'ICMP/EchoRequest'], [PINGED]],
    ['nobody', ['--peer', 'world'], []],
  ])('shows %s', async (_what, filter, expected) => {
    expect(await shown(...filter)).toEqual(expected);
  });

  it('says which line isolates, which allows, and where in the datapath', async () => {
    await node.plumb('monitor', '--once');
    await story();
    const { stdout } = await node.plumb('monitor', '--once');
    const line = program.text.split('\n').findIndex((l) => l.includes('new NetworkPolicy')) + 1;
    const lines = stdout.split('\n');
    const drop = lines.find((l) => l.includes('denied') && l.includes('xwing'));
    expect(drop).toContain('at from_endpoint on lxcxwing');
    expect(drop).toMatch(new RegExp(`isolated by rule1 \\(.*plumb.ts:${String(line)}\\)`));
    expect(lines.find((l) => l.includes('allowed'))).toMatch(/by rule1 \(.*plumb\.ts:\d+\)/);
    expect(stdout).toContain('ICMP EchoRequest/0');
  });

  it('stops after a count, one JSON object a line and nothing else', async () => {
    await node.plumb('monitor', '--once');
    await story();
    const { stdout, code } = await node.plumb('monitor', '--json', '--count', '2');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as ExplainedEvent).type)).toEqual([
      'packet',
      'packet',
    ]);
  });

  it('gives events that a verdict can be asked about: the same packet, the same word, the same line', async () => {
    await node.plumb('monitor', '--once');
    await story();
    const { stdout } = await node.plumb('monitor', '--json', '--count', '4');
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      const event = JSON.parse(line) as ExplainedEvent;
      const answer = await node.json<VerdictAnswer>('verdict', '--event', line);
      expect(answer.allowed).toBe(event.verdict !== 'denied');
      expect(answer.from.endpoint).toBe(event.source.endpoint);
      expect(answer.note).toBeUndefined();
      const step = answer.steps.find(({ direction }) => direction === event.direction);
      const causes = [...(step?.allows ?? []), ...(step?.isolates ?? [])];
      const places = causes.map(({ origin }) => origin);
      for (const { origin } of event.policies) expect(places).toContainEqual(origin);
    }
    const other = { ...(JSON.parse(lines[0]!) as ExplainedEvent), policyVersion: '00000001' };
    const flagged = await node.json<VerdictAnswer>('verdict', '--event', JSON.stringify(other));
    expect(flagged.note).toContain('judged by another policy');
  });

  it('shows bytes, and writes a capture that tcpdump reads', async () => {
    await node.plumb('monitor', '--once');
    await story();
    const file = join(program.directory, 'events.pcap');
    const filter = ['--endpoint', 'xwing', '--peer', '10.1.0.11'];
    const { stdout } = await node.plumb('monitor', '--once', '--hex', '--pcap', file, ...filter);
    expect(stdout).toMatch(/^ {2}0000 {2}([0-9a-f]{2} ){16}/m);
    const read = execFileSync('tcpdump', ['-n', '-r', file], { encoding: 'utf8', stdio: 'pipe' });
    expect(read).toMatch(/IP 10\.1\.0\.31\.\d+ > 10\.1\.0\.11\.80: Flags \[S\]/);
    expect(read).not.toContain('10.1.0.13');
  });

  it('does not guess rules when no program is recorded', async () => {
    const path = join(node.root, 'run', node.netns, 'provenance.json');
    expect(readFileSync(path, 'utf8')).toContain('rule1');
    await node.plumb('monitor', '--once');
    await story();
    rmSync(path);
    const { stdout } = await node.plumb('monitor', '--once', '--verdict', 'deny');
    expect(stdout).toContain('rules unknown: no program is recorded here');
    expect(stdout).not.toContain('rule1');
    await node.plumb('apply', program.path, '--yes');
  });

  it('says how many events the buffer had no room for', async () => {
    const monitor = spawn('bin/plumb', [
      ...['monitor', '--json', '--netns', node.netns, '--root', node.root],
    ]);
    try {
      let said = '';
      monitor.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await agent('xwing').probe('tcp', '10.1.0.11', 80);
      await expect.poll(() => said, { timeout: 10_000 }).toContain('"type":"packet"');
      // Nobody reads while it is stopped, and the buffer holds a few thousand records.
      monitor.kill('SIGSTOP');
      const flood = ['-q', '-c', '20000', '-l', '20000', '-W', '1', '10.1.0.11'];
      execFileSync(
        'nsenter',
        ['--net=/run/netns/xwing', 'bash', '-c', `ping ${flood.join(' ')}; true`],
        {
          stdio: 'ignore',
          timeout: 25_000,
        },
      );
      monitor.kill('SIGCONT');
      await expect.poll(() => said, { timeout: 10_000 }).toMatch(/"type":"lost".*"events":\d+/);
    } finally {
      monitor.kill('SIGKILL');
    }
  });
});
