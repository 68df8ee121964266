import { AssertionError } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  Endpoint,
  Group,
  http,
  icmp,
  icmpv6,
  Node,
  Service,
  tcp,
  tcpRange,
  udp,
} from 'plumbline';
import { expectNoRemovals, networkOf, planOf } from 'plumbline/testing';
import { describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { plan } from '../../src/plan/make-plan.js';
import { emptyState } from '../../src/state/canonical.js';
import { KUBERNETES, WORKLOADS } from '../manifests/documents.js';

const STAR_WARS = 'examples/star-wars/plumb.ts';
const { expectAllowed, expectDenied } = await networkOf(STAR_WARS);

/** The first frame of what is thrown. */
function thrownAt(run: () => void): string {
  try {
    run();
  } catch (error) {
    const lines = (error as Error).stack?.split('\n') ?? [];
    return lines.find((line) => line.startsWith('    at ')) ?? '';
  }
  return '';
}

/** Two nodes of which the first judges; the shop lets webs in by HTTP, and pings of anybody. */
function town() {
  const app = new App();
  const node = new Node(app, 'naboo', { podCIDRs: ['10.1.0.0/24', 'fd01::/64'] });
  const far = new Node(app, 'endor', { podCIDRs: ['10.2.0.0/24'], addresses: ['192.0.2.2'] });
  const web = (n: number) =>
    new Endpoint(node, `web-${n}`, { labels: { app: 'web', n: `${n}` }, address: `10.1.0.1${n}` });
  const webs = [web(1), web(2)];
  const shop = new Endpoint(node, 'shop', {
    labels: { app: 'shop' },
    addresses: ['10.1.0.20', 'fd01::20'],
  });
  const all = new Group(app, 'webs', { labels: { app: 'web' } });
  const till = new Service(app, 'till', {
    addresses: ['10.96.0.1'],
    ports: [{ port: 80, targetPort: 8080 }],
    backends: [{ endpoint: shop }],
  });
  shop.allowFrom(all, http(8080, { method: 'GET', path: '/x' }), icmp('EchoRequest'));
  return { app, node, far, webs, shop, all, till };
}

describe('what a program allows', () => {
  it('can be expected', () => {
    expectAllowed('tiefighter-1', 'deathstar-1', tcp(80));
    expectDenied('xwing', 'deathstar-1', tcp(80));
    expectDenied('tiefighter-1', 'deathstar-1', udp(80));
  });

  it('fails a test that expects otherwise, with the rule and its line', () => {
    const denied = () => expectDenied('tiefighter-1', 'deathstar-1', tcp(80));
    expect(denied).toThrow(AssertionError);
    expect(thrownAt(denied)).toContain('testing.test.ts');
    expect(denied).toThrow(/should be denied, but it is allowed:[^]*plumb\.ts:\d+/);
    expect(() => expectAllowed('xwing', 'deathstar-1', tcp(80))).toThrow(
      /should be allowed, but it is denied:[^]*plumb\.ts:\d+/,
    );
  });

  it('is about one port at a time, or one type of ICMP', () => {
    expect(() => expectAllowed('tiefighter-1', 'deathstar-1', tcpRange(80, 81))).toThrow(TypeError);
    expect(() => expectAllowed('tiefighter-1', 'deathstar-1', icmp('Nonsense'))).toThrow(TypeError);
  });
});

describe('what constructs allow', () => {
  it('can be expected of them, without a file', async () => {
    const { app, webs, shop, till, node, far } = town();
    const network = await networkOf(app, { node: 'naboo' });
    network.expectAllowed(webs[0]!, shop, tcp(8080));
    network.expectAllowed(webs[1]!, till, tcp(80));
    network.expectAllowed(node, shop, tcp(22));
    network.expectDenied(far, shop, tcp(8080));
    network.expectDenied('world', shop, tcp(8080));
  });

  it('holds for each endpoint of a group, or the test fails', async () => {
    const { app, webs, shop, all } = town();
    const network = await networkOf(app, { node: 'naboo' });
    network.expectAllowed(all, shop, tcp(8080));
    shop.denyFrom(webs[1]!, tcp(8080));
    const changed = await networkOf(app, { node: 'naboo' });
    expect(() => changed.expectAllowed(all, shop, tcp(8080))).toThrow(/denied:[^]*web-2/);
    expect(() => changed.expectDenied(all, shop, tcp(8080))).toThrow(/allowed:[^]*web-1/);
  });

  it('is not expected of a group that is nobody', async () => {
    const { app, shop } = town();
    const nobody = new Group(app, 'nobody', { labels: { app: 'none' } });
    const network = await networkOf(app, { node: 'naboo' });
    expect(() => network.expectDenied(nobody, shop, tcp(80))).toThrow(/no endpoint is in nobody/);
  });

  it('may be requests, and pings', async () => {
    const { app, webs, shop, till } = town();
    const { expectAllowed: yes, expectDenied: no } = await networkOf(app, { node: 'naboo' });
    yes(webs[0]!, shop, tcp(8080), { http: 'GET /x' });
    yes(webs[0]!, till, tcp(80), { http: 'GET /x?page=2' });
    no(webs[0]!, shop, tcp(8080), { http: 'POST /x' });
    no(webs[0]!, till, tcp(80), { http: 'GET /y' });
    yes(webs[0]!, shop, icmp('EchoRequest'));
    no(webs[0]!, shop, icmpv6('EchoRequest'));
    expect(() => yes(webs[0]!, shop, tcp(8080), { http: 'GET /y' })).toThrow(/refusal/);
  });

  it('is wrong as it is for a command', async () => {
    const app = new App();
    await expect(networkOf(app)).rejects.toMatchObject({ code: 'PLB_NO_NODE' });
  });
});

describe('what manifests allow', () => {
  it('can be expected as well', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'plumb-testing-'));
    try {
      writeFileSync(join(directory, 'all.yaml'), `${WORKLOADS}---\n${KUBERNETES}`);
      const network = await networkOf({ manifests: directory });
      network.expectAllowed('prod-web', 'prod-shop-0', tcp(80));
      network.expectDenied('prod-shop-0', 'prod-web', tcp(80));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('a plan', () => {
  it('that only adds removes nothing, and one to nothing removes', async () => {
    const made = await planOf(STAR_WARS, { state: 'empty' });
    expect(made.steps.length).toBeGreaterThan(50);
    expect(() => expectNoRemovals(made)).not.toThrow();
    const { state: held } = await synthesize(STAR_WARS);
    const away = plan(emptyState(held.node), held);
    expect(() => expectNoRemovals(away)).toThrow(/^the plan removes\n {2}\S+ \S+/);
  });
});
