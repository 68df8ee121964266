import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { planFromJson, planToJson } from '../../src/plan/plan-json.js';
import { PlumbError } from '../../src/model/error.js';
import { emptyState } from '../../src/state/canonical.js';
import { compile } from './world.js';

const rule = { subject: 1, direction: 'ingress', peer: 2, port: 80, allow: true } as const;
const desired = compile({ endpoints: [0], rules: [rule], allowLocalhost: true }, { devices: true });
const written = planToJson(plan(desired, emptyState('hoth')), [{ change: 'allow' }]);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof PlumbError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('a plan file', () => {
  it('shows rows by their fields', () => {
    const step = written.steps.find(
      ({ kind, key }) => kind === 'bpf-entries' && key === 'plumb_ipcache',
    );
    expect(JSON.stringify(step?.after)).toContain(
      '{"key":{"address":"10.2.0.1"},"value":{"identity":1,',
    );
  });

  it('keeps what was said of its traffic', () => {
    expect(planFromJson(written).verdicts).toEqual([{ change: 'allow' }]);
  });

  it('has the hash of its program, whatever it starts from', () => {
    const program = { version: 1, node: 'hoth' };
    const [one, other] = [emptyState('hoth'), desired].map((actual) =>
      planToJson(plan(desired, actual), null, program),
    );
    expect(one?.programHash).toBe(other?.programHash);
    expect(one?.programHash).not.toBe(written.programHash);
  });

  it('does not mind its members being in another order, or laid out otherwise', () => {
    const shuffled = Object.fromEntries(Object.entries(written).reverse());
    const text = JSON.stringify(shuffled, null, 4);
    expect(planFromJson(JSON.parse(text)).plan.steps).toHaveLength(written.steps.length);
  });

  it('is refused when it was edited, wherever', () => {
    const first = written.steps[0];
    if (first === undefined) throw new Error('no step');
    const edited: unknown[] = [
      { ...written, node: 'tatooine' },
      { ...written, verdicts: [] },
      { ...written, steps: written.steps.slice(1) },
      { ...written, steps: [{ ...first, why: 'because' }, ...written.steps.slice(1)] },
      { ...written, fingerprint: '0'.repeat(64) },
      { ...written, programHash: '0'.repeat(64) },
      { ...written, digest: '0'.repeat(64) },
    ];
    for (const document of edited) {
      expect(codeOf(() => planFromJson(document))).toBe('PLB_PLAN_EDITED');
    }
  });

  it('is refused when it is of another version, has unknown members, or is none', () => {
    for (const document of [
      { ...written, version: 2 },
      { ...written, extra: 1 },
      null,
      [],
      'plan',
    ]) {
      expect(codeOf(() => planFromJson(document))).toBe('PLB_PLAN_FILE');
    }
  });
});
