import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { haproxyConfig } from '../../src/proxy/haproxy/config.js';
import { forwarding, type Setup } from '../traffic/setups.js';

const PROXY_PORT = 15_001;
const READY = 10_000;

/**
 * Mode tproxy as textbooks have it, without plumb: a forwarding kernel, one mark, one rule and one local
 * route, and an nft chain that takes packets of transparent sockets first and leads new ones to HAProxy,
 * which filters by the same rule with the same settings. No policy below layer 7 is judged.
 */
export async function textbook(name: string, port: number, directory: string): Promise<Setup> {
  const setup = forwarding(name);
  const netns = `bt-${name}`;
  const inside = [`--net=/run/netns/${netns}`];
  const proxy = { stop: (): void => undefined };
  const dispose = (): void => {
    proxy.stop();
    setup.dispose();
  };
  try {
    execFileSync('ip', ['-n', netns, 'rule', 'add', 'fwmark', '1', 'lookup', '100']);
    const route = ['local', '0.0.0.0/0', 'dev', 'lo', 'table', '100'];
    execFileSync('ip', ['-n', netns, 'route', 'add', ...route]);
    execFileSync('nsenter', [...inside, 'nft', '-f', '-'], { input: tableFor(port) });
    const config = join(directory, `${name}.cfg`);
    writeFileSync(config, configuration());
    const child = spawn('nsenter', [...inside, 'haproxy', '-db', '-f', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // In a session of its own, as plumb's is: the scheduler gives each a share of its own (autogroup).
      detached: true,
      env: {
        ...process.env,
        PLUMB_HAPROXY_SOCKET: join(directory, `${name}.sock`),
        PLUMB_FOLLOWED: 'false',
      },
    });
    proxy.stop = () => void child.kill();
    await listening(inside);
    return { ...setup, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function tableFor(port: number): string {
  return `table inet textbook {
    chain prerouting {
      type filter hook prerouting priority mangle; policy accept;
      meta l4proto tcp socket transparent 1 meta mark set 1 accept
      meta nfproto ipv4 tcp dport ${String(port)} tproxy ip to :${String(PROXY_PORT)} meta mark set 1 accept
    }
  }`;
}

/** Ours, but for how it gets its connections. */
function configuration(): string {
  const rules = [{ rule: { method: 'GET', path: '/v1/.*' }, origins: [] }];
  return haproxyConfig([{ id: 1, protocol: 'http', direction: 'ingress', rules }], 'tproxy')
    .replace(/bind "[^"]*"/, `bind :${String(PROXY_PORT)} transparent`)
    .replaceAll(/ interface "[^"]*"/g, '');
}

async function listening(inside: readonly string[]): Promise<void> {
  const end = performance.now() + READY;
  const look = ['ss', '-Hlnt', 'sport', '=', `:${String(PROXY_PORT)}`];
  while (execFileSync('nsenter', [...inside, ...look]).length === 0) {
    if (performance.now() > end) throw new Error('HAProxy does not listen');
    await setTimeout(50);
  }
}
