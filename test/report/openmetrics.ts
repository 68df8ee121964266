import { expect } from 'vitest';

export type Samples = ReadonlyMap<string, number>;

const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{${LABEL}(?:,${LABEL})*\})? (-?\d+(?:\.\d+)?)$`,
);
const SUFFIX: Readonly<Record<string, string>> = { counter: '_total', gauge: '', info: '_info' };

/**
 * Reads a text by the rules of OpenMetrics 1.0 for counters, gauges and infos; whatever breaks one fails
 * the test. Samples by `name{labels}`.
 */
export function readOpenMetrics(text: string): Samples {
  expect(text.endsWith('\n# EOF\n') || text === '# EOF\n').toBe(true);
  const lines = text.split('\n').slice(0, -2);
  const samples = new Map<string, number>();
  const families = new Set<string>();
  let family = '';
  let type = '';
  let hasSamples = false;
  for (const line of lines) {
    const [, what, name, rest = ''] = /^# (TYPE|UNIT|HELP) (\S+) (.+)$/.exec(line) ?? [];
    if (what === 'TYPE') {
      expect(families.has(name!), 'a family stands in one place').toBe(false);
      families.add((family = name!));
      hasSamples = false;
      type = rest;
      expect(Object.keys(SUFFIX)).toContain(type);
      continue;
    }
    if (what !== undefined) {
      expect(name, 'metadata is of the family that was begun').toBe(family);
      expect(hasSamples, 'metadata comes first').toBe(false);
      if (what === 'UNIT') expect(family.endsWith(`_${rest}`)).toBe(true);
      continue;
    }
    const sample = SAMPLE.exec(line);
    expect(sample, `a sample: ${line}`).not.toBeNull();
    const [, metric = '', labels = '', value] = sample!;
    expect(metric).toBe(`${family}${SUFFIX[type]!}`);
    expect(samples.has(`${metric}${labels}`), 'labels tell samples apart').toBe(false);
    if (type === 'counter') expect(Number(value)).toBeGreaterThanOrEqual(0);
    if (type === 'info') expect(Number(value)).toBe(1);
    samples.set(`${metric}${labels}`, Number(value));
    hasSamples = true;
  }
  return samples;
}
