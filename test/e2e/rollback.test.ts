import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside, TestNode } from './node.js';
import { ProgramCopy } from './program.js';

describe.sequential('rollback', () => {
  let node: TestNode;
  let program: ProgramCopy;
  let server: ChildProcess | undefined;

  beforeAll(async () => {
    node = new TestNode('plumb-e2e-rb');
    program = new ProgramCopy();
    await apply();
    server = spawn('nsenter', [
      '--net=/run/netns/deathstar-1',
      'node',
      '-e',
      'let n = 0; for (const p of [80, 8080]) require("http").createServer((_, r) => r.end("landed")).listen(p, "::", () => ++n === 2 && console.log("up"))',
    ]);
    await new Promise((up) => server?.stdout?.once('data', up));
  });
  afterAll(async () => {
    server?.kill();
    await node.dispose();
    program.dispose();
  });

  const apply = async (): Promise<void> => {
    const result = await node.plumb('apply', program.path, '--yes');
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
  };
  const lands = async (port: number): Promise<boolean> => {
    const url = `http://10.1.0.11:${String(port)}/`;
    const { stdout } = await inside('tiefighter-1', 'curl', '-s', '--max-time', '2', url);
    return stdout === 'landed';
  };
  const allowed = async (port: number): Promise<boolean | undefined> =>
    (await node.json<{ allowed: boolean }>('verdict', 'tiefighter-1', 'deathstar-1', String(port)))
      .allowed;

  it('refuses after the first apply: there is no policy before it', async () => {
    const result = await node.plumb('rollback', '--yes');
    expect(result.stderr).toContain('PLB_NO_PREVIOUS');
    expect(result.code).toBe(1);
    expect(await lands(80)).toBe(true);
  });

  it('changes nothing when nobody says yes', async () => {
    program.replace("'80'", "'8080'");
    await apply();
    expect([await lands(80), await lands(8080)]).toEqual([false, true]);
    expect((await node.plumb('rollback')).stderr).toContain('PLB_NOT_CONFIRMED');
    expect([await lands(80), await lands(8080)]).toEqual([false, true]);
  });

  it('brings the old port back at once, says so for traffic, and explains verdicts by the old rules', async () => {
    const result = await node.plumb('rollback', '--yes');
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/\+ +80\/TCP/);
    expect(result.stdout).toMatch(/- +8080\/TCP/);
    expect([await lands(80), await lands(8080)]).toEqual([true, false]);
    expect([await allowed(80), await allowed(8080)]).toEqual([true, false]);
  });

  it('leaves a drift that the next plan shows', async () => {
    const plan = await node.plumb('plan', program.path, '--detailed-exitcode');
    expect(plan.code).toBe(2);
    expect(plan.stdout).toMatch(/\+ .*8080\/TCP/);
  });

  it('leads forward again the second time', async () => {
    expect((await node.plumb('rollback', '--yes')).code).toBe(0);
    expect([await lands(80), await lands(8080)]).toEqual([false, true]);
    expect((await node.plumb('plan', program.path, '--detailed-exitcode')).code).toBe(0);
  });

  it('refuses when the policy maps are not what the last apply left', async () => {
    const [path = ''] = readdirSync(node.root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('provenance.previous.json'))
      .map((name) => join(node.root, name));
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"policy":"[0-9a-f]{64}"/, `"policy":"${'0'.repeat(64)}"`));
    const result = await node.plumb('rollback', '--yes');
    expect(result.stderr).toContain('PLB_NO_PREVIOUS');
    expect([await lands(80), await lands(8080)]).toEqual([false, true]);
  });
});
