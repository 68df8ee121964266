import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { plan } from '../../src/plan/make-plan.js';
import { emptyState, fingerprint } from '../../src/state/canonical.js';
import { stateToText } from '../../src/state/json.js';
import { withoutPrevious } from '../../src/state/previous.js';
import type { Resource, State } from '../../src/state/state.js';
import { ADDRESS, desiredState } from '../kernel/desired.js';
import { settledInventory, steadyInventory } from '../kernel/inventory.js';
import { KernelNode } from '../kernel/node.js';

let node: KernelNode;
beforeEach(() => {
  node = new KernelNode('plk-apply');
});
afterEach(() => {
  node.dispose();
});

async function converge(desired: State): Promise<State> {
  return apply(plan(desired, await node.read()), node.instance);
}

/** A state as text without origins and without the policy before, for a readable comparison. */
function text(state: State): string {
  const { node: name, resources } = withoutPrevious(state);
  return stateToText({ version: 1, node: name, resources: resources.map(withoutOrigin) });
}

function withoutOrigin(resource: Resource): Resource {
  const { kind, key } = resource;
  return resource.kind === 'bpf-entries'
    ? { kind: resource.kind, key, map: resource.map, columns: resource.columns }
    : ({ kind, key, attributes: resource.attributes } as Resource);
}

describe('apply on a kernel of its own', () => {
  test('makes what the program says, reads back equal, and has nothing left to plan', async () => {
    const desired = desiredState(node.name);
    const after = await converge(desired);
    expect(text(after)).toBe(text(desired));
    expect(plan(desired, await node.read()).steps).toEqual([]);
  });

  test('lets packets through between endpoints and to the gateway, in both families', async () => {
    await converge(desiredState(node.name));
    for (const to of [ADDRESS.b, ADDRESS.b6, ADDRESS.gateway, ADDRESS.gateway6]) {
      expect(node.pings(`${node.name}-a`, to), to).toBe(true);
    }
    const server = spawn('nsenter', [`--net=/run/netns/${node.name}-b`, 'nc', '-lN', '8080'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    server.stdin.end('that is no moon\n');
    try {
      const answer = await connect(() =>
        node.inside(`${node.name}-a`, 'nc', '-w2', '-d', ADDRESS.b, '8080'),
      );
      expect(answer).toBe('that is no moon\n');
    } finally {
      server.kill();
    }
  });

  test('another policy takes over in one commit, and the one before stays for undo', async () => {
    await converge(desiredState(node.name));
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
    const denied = desiredState(node.name, { version: 0x0202, verdict: 'deny' });
    const after = await converge(denied);
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(false);
    expect(after.previous).toContain('plumb_heads/previous');
    expect(text(after)).toBe(text(denied));
    await converge(desiredState(node.name));
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
  });

  test('leaves nothing behind when all is removed', async () => {
    const before = await steadyInventory([node.name], [node.bpffs]);
    await converge(desiredState(node.name));
    const provenance = '{"rules":[]}';
    await apply(plan(emptyState(node.name), await node.read()), node.instance, { provenance });
    expect(await settledInventory(before, [node.name], [node.bpffs])).toEqual(before);
    expect(readdirSync(node.root)).toEqual(['bpf']);
    expect(existsSync(node.instance.pinDir)).toBe(false);
  });

  test('keeps its directories and files to their owner', async () => {
    await converge(desiredState(node.name));
    await apply(plan(desiredState(node.name), await node.read()), node.instance, {
      provenance: '{}',
    });
    const { pinDir, runDir } = node.instance;
    const mode = (path: string): number => statSync(path).mode & 0o777;
    for (const directory of [pinDir, `${pinDir}/maps`, `${pinDir}/programs`, runDir]) {
      expect(mode(directory), directory).toBe(0o700);
    }
    expect(mode(`${runDir}/provenance.json`)).toBe(0o600);
    expect(mode(node.mapPin('plumb_config'))).toBe(0o600);
    expect(readdirSync(runDir)).toEqual(['provenance.json']);
  });

  test('restores exactly what somebody took away', async () => {
    const desired = desiredState(node.name);
    await converge(desired);
    const settled = fingerprint(await node.read());
    const drifts: [string, () => unknown, string][] = [
      [
        'a route',
        () => node.ip('route', 'delete', `${ADDRESS.a}/32`),
        `route ${ADDRESS.a}/32 dev lxca`,
      ],
      [
        'a filter',
        () => node.tc('filter', 'delete', 'block', '7367681', 'pref', '1'),
        'bpf-link tc-block/ingress',
      ],
      [
        'a map entry',
        () =>
          execFileSync('bpftool', [
            ...['map', 'delete', 'pinned', node.mapPin('plumb_classes')],
            ...['key', 'hex', '01', '00', '00', '00'],
          ]),
        'bpf-entries plumb_classes',
      ],
      [
        'the other end being up',
        () => node.inside(`${node.name}-a`, 'ip', 'link', 'set', 'eth0', 'down'),
        'link lxca',
      ],
    ];
    for (const [what, drift, step] of drifts) {
      drift();
      const made = plan(desired, await node.read());
      const names = made.steps
        .filter((s) => s.action !== 'commit')
        .map((s) => `${s.kind} ${s.key}`);
      expect(names, what).toContain(step);
      if (step !== 'link lxca') expect(names, what).toEqual([step]);
      await apply(made, node.instance);
      expect(fingerprint(await node.read()), what).toBe(settled);
    }
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
  });

  test('makes an endpoint anew whose namespace was deleted under it', async () => {
    const desired = desiredState(node.name);
    await converge(desired);
    execFileSync('ip', ['netns', 'delete', `${node.name}-b`]);
    await waitUntil(() => !node.ip('link').includes('lxcb'));
    expect(text(await converge(desired))).toBe(text(desired));
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
  });
});

async function connect(attempt: () => string): Promise<string> {
  let answer = '';
  await waitUntil(() => {
    try {
      answer = attempt();
    } catch {
      return false;
    }
    return answer !== '';
  });
  return answer;
}

async function waitUntil(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 40 && !holds(); i++) await new Promise((done) => setTimeout(done, 50));
}
