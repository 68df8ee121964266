import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { steadyInventory } from '../kernel/inventory.js';
import { TestNode } from './node.js';
import { ProgramCopy } from './program.js';

interface ErrorJson {
  errors: {
    code: string;
    message: string;
    path?: string;
    file?: string;
    line?: number;
    hint: string;
  }[];
}

/** What is wrong, the edit that makes it so, the code, and the text whose line must be named. */
const CASES: readonly [string, readonly [string, string], string, string][] = [
  [
    'a type error',
    ["addresses: ['10.1.0.31', 'fd00:10:1::31']", 'addresses: 31'],
    'PLB_TYPE',
    'addresses: 31',
  ],
  [
    'a label key that nothing has',
    ["matchLabels: { org: 'empire' }", "matchLabels: { orgg: 'empire' }"],
    'PLB_UNKNOWN_LABEL',
    '    {',
  ],
  ['a duplicate address', ['10.1.0.31', '10.1.0.11'], 'PLB_DUPLICATE_ADDRESS', "'xwing'"],
  ['overlapping names', ["'xwing'", "'deathstar-1'"], 'PLB_DUPLICATE_NAME', "'deathstar-1'"],
  ['an invalid CIDR', ["'10.1.0.0/24'", "'10.1.0.0/33'"], 'PLB_INVALID_CIDR', "'hoth'"],
  ['an invalid port', ["'80'", "'80000'"], 'PLB_INVALID_PORT', '    {'],
  [
    "an address outside the node's range",
    ['10.1.0.31', '10.2.0.31'],
    'PLB_ADDRESS_OUT_OF_RANGE',
    "'xwing'",
  ],
];

describe.sequential('bad input', () => {
  let node: TestNode;
  let program: ProgramCopy;

  beforeAll(() => {
    node = new TestNode('plumb-e2e-err');
    program = new ProgramCopy();
  });
  beforeEach(() => program.reset());
  afterAll(async () => {
    await node.dispose();
    program.dispose();
  });

  it.each(CASES)(
    'gives %s a code, a path, its line and a hint, and touches nothing',
    async (_what, edit, code, at) => {
      program.replace(...edit);
      const before = await steadyInventory([node.netns]);
      const result = await node.plumb('apply', program.path, '--yes', '--json');
      expect(result.code).toBe(1);
      const { errors } = JSON.parse(result.stdout) as ErrorJson;
      const error = errors.find((e) => e.code === code);
      expect(error, JSON.stringify(errors)).toBeDefined();
      expect(error?.hint).not.toBe('');
      expect(error?.path).not.toBe('');
      expect(error?.file).toMatch(/plumb\.ts$/);
      expect(program.text.split('\n')[(error?.line ?? 0) - 1]).toContain(at);
      expect(await steadyInventory([node.netns])).toEqual(before);
    },
  );

  it('says the same for people, with the file and line first', async () => {
    program.replace('10.1.0.31', '10.2.0.31');
    const result = await node.plumb('plan', program.path);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/PLB_ADDRESS_OUT_OF_RANGE/);
    expect(result.stderr).toMatch(/plumb\.ts:\d+/);
  });

  it('answers a flag that does not exist with exit code 1, not 2', async () => {
    expect((await node.plumb('plan', program.path, '--no-such-flag')).code).toBe(1);
  });

  it('changes nothing when nobody can be asked and --yes is not given', async () => {
    const result = await node.plumb('apply', program.path);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('PLB_NOT_CONFIRMED');
    expect((await node.plumb('show')).stdout).toContain('nothing of ours');
  });
});
