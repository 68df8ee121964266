import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tcp, tcpRange, udp } from 'plumbline';
import { expectNoRemovals, networkOf } from 'plumbline/testing';
import { describe, expect, it } from 'vitest';
import { planFromProgram } from '../../src/engine.js';
import { plan } from '../../src/plan/make-plan.js';
import { emptyState } from '../../src/state/canonical.js';
import { KUBERNETES, WORKLOADS } from '../manifests/documents.js';

const STAR_WARS = 'examples/star-wars/plumb.ts';
const { expectAllowed, expectDenied } = await networkOf(STAR_WARS);

describe('what a program allows', () => {
  it('can be expected', () => {
    expectAllowed('tiefighter-1', 'deathstar-1', tcp(80));
    expectDenied('xwing', 'deathstar-1', tcp(80));
    expectDenied('tiefighter-1', 'deathstar-1', udp(80));
  });

  it('fails a test that expects otherwise, with the rule and its line', () => {
    expect(() => expectDenied('tiefighter-1', 'deathstar-1', tcp(80))).toThrow(
      /should be denied, but it is allowed:[^]*plumb\.ts:\d+/,
    );
    expect(() => expectAllowed('xwing', 'deathstar-1', tcp(80))).toThrow(
      /should be allowed, but it is denied:[^]*plumb\.ts:\d+/,
    );
  });

  it('is about one port at a time', () => {
    expect(() => expectAllowed('tiefighter-1', 'deathstar-1', tcpRange(80, 81))).toThrow(TypeError);
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
    const { plan: made, desired } = await planFromProgram(STAR_WARS, { state: 'empty' });
    expect(() => expectNoRemovals(made)).not.toThrow();
    const away = plan(emptyState(desired.node.name), desired.state);
    expect(() => expectNoRemovals(away)).toThrow(/^the plan removes\n {2}\S+ \S+/);
  });
});
