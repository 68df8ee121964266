import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainedEvent } from '../../src/report/event.js';
import type { ExplainedRequest } from '../../src/report/request.js';
import { takeInventory, type Inventory } from '../kernel/inventory.js';
import { HttpAgent } from '../traffic/http-agent.js';
import { CHECKOUT, TestNode } from './node.js';

const PROGRAM = join(CHECKOUT, 'examples/star-wars-l7/plumb.ts');
const SERVERS = ['10.1.0.11', '[fd00:10:1::11]'];
/** Of the one rule. */
const LINE = readFileSync(PROGRAM, 'utf8').split('\n').indexOf('  ingress: [') + 2;
const DENIED = '💥🚫 the exhaust port is closed\n';

describe.sequential('the story of star-wars-l7', () => {
  let node: TestNode;
  let before: Inventory;
  let monitor: ChildProcess | undefined;
  const agents = new Map<string, HttpAgent>();
  const agent = (name: string): HttpAgent => agents.get(name)!;
  const events: ExplainedRequest[] = [];
  /** Without objects of BPF, which other nodes of the machine may have too. */
  const network = (): Inventory => {
    const all = Object.entries(takeInventory([node.netns], []));
    return Object.fromEntries(
      all.filter(([what]) => what === 'namespaces' || what.startsWith(node.netns)),
    );
  };

  beforeAll(async () => {
    node = new TestNode('plumb-e2e-swl7');
    before = network();
    const { code, stderr } = await node.plumb('apply', PROGRAM, '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['deathstar', 'tiefighter', 'xwing']) {
      agents.set(name, await HttpAgent.open(name));
    }
    await agent('deathstar').serve(80);
    monitor = spawn(join(CHECKOUT, 'bin/plumb'), [
      ...['monitor', '--json', '--netns', node.netns, '--root', node.root],
    ]);
    createInterface({ input: monitor.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as ExplainedEvent | ExplainedRequest;
      if (event.type === 'request') events.push(event);
    });
  });

  afterAll(async () => {
    monitor?.kill('SIGKILL');
    for (const one of agents.values()) one.close();
    await node.dispose();
  });

  it.each(SERVERS)('lets the empire land at %s, and nobody at the exhaust port', async (server) => {
    const tiefighter = agent('tiefighter');
    const landing = { url: `http://${server}/v1/request-landing`, method: 'POST' };
    expect(await tiefighter.ask(landing)).toMatchObject({ status: 200 });
    const port = { url: `http://${server}/v1/exhaust-port`, method: 'PUT' };
    expect(await tiefighter.ask(port)).toMatchObject({ status: 403, text: DENIED });
    expect(await agent('xwing').ask({ ...landing, timeout: 500 })).toEqual({ error: 'timeout' });
    expect(await agent('deathstar').seen()).toMatchObject([{ url: '/v1/request-landing' }]);
  });

  it('is told by the monitor with identities, and the rule in its file and line', async () => {
    const url = `http://${SERVERS[0] ?? ''}/v1/exhaust-port`;
    // Requests are told from when it listens on.
    await expect
      .poll(
        async () => {
          await agent('tiefighter').ask({ url, method: 'PUT' });
          return events.some(({ verdict }) => verdict === 'denied');
        },
        { timeout: 15_000 },
      )
      .toBe(true);
    await agent('tiefighter').ask({
      url: url.replace('exhaust-port', 'request-landing'),
      method: 'POST',
    });
    await expect.poll(() => events.at(-1)?.verdict, { timeout: 5000 }).toBe('allowed');
    const { identities } = JSON.parse(
      readFileSync(join(CHECKOUT, 'examples/star-wars-l7/plumb.lock.json'), 'utf8'),
    ) as { identities: Record<string, number> };
    const told = {
      direction: 'ingress',
      source: { endpoint: 'tiefighter', identity: identities['class=tiefighter,org=empire'] },
      destination: { endpoint: 'deathstar', identity: identities['class=deathstar,org=empire'] },
      rules: [
        { path: 'rule1', file: expect.stringMatching(/(^|\/)plumb\.ts$/) as string, line: LINE },
      ],
    };
    const denied = { verdict: 'denied', request: 'PUT /v1/exhaust-port', answer: '403' };
    expect(events.find(({ verdict }) => verdict === 'denied')).toMatchObject({
      ...told,
      ...denied,
    });
    const allowed = { verdict: 'allowed', request: 'POST /v1/request-landing', answer: '200' };
    expect(events.at(-1)).toMatchObject({ ...told, ...allowed });
  });

  it.each([
    ['PUT /v1/exhaust-port', 'denied'],
    ['POST /v1/request-landing', 'allowed'],
  ])('is foretold without a request: %s is %s', async (http, verdict) => {
    const { code, stdout } = await node.plumb(
      'verdict',
      'tiefighter',
      'deathstar',
      '80/TCP',
      '--http',
      http,
    );
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toContain(verdict);
    expect(stdout).toContain(http);
    expect(stdout).toContain(`plumb.ts:${String(LINE)}`);
  });

  it('ends as it began', async () => {
    const { code } = await node.plumb('plan', PROGRAM, '--detailed-exitcode');
    expect(code).toBe(0);
    expect((await node.plumb('destroy', '--yes')).code).toBe(0);
    expect(network()).toEqual(before);
  });
});
