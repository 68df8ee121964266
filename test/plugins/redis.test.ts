import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type PluginRule } from '../../src/plugins/plugin.js';
import { redis } from '../../src/plugins/redis.js';

const says = (rules: readonly PluginRule[], text: string): number | undefined =>
  judge(redis, rules, redis.parse(text) ?? []);

describe('rules of redis', () => {
  it.each<[PluginRule, string, boolean]>([
    [{}, 'FLUSHALL', true],
    [{ command: 'GET' }, 'get a', true],
    [{ command: 'get' }, 'GET a', true],
    [{ command: 'GET' }, 'SET a b', false],
    [{ key: 'public:*' }, 'GET public:1', true],
    [{ key: 'public:*' }, 'GET secret:public:1', false],
    [{ key: 'public:*' }, 'MGET public:1 public:2', true],
    [{ key: 'public:*' }, 'MGET public:1 secret', false],
    [{ key: 'public:*' }, 'MSET public:1 secret public:2 secret', true],
    [{ key: 'public:*' }, 'RENAME public:1 secret', false],
    [{ key: 'public:*' }, 'PING', false],
    [{ key: 'a.c' }, 'GET abc', false],
    [{ command: 'GET', key: '*' }, 'GET anything', true],
    [{ key: '*' }, 'EVAL return 1 public:1', false],
    [{ key: '*' }, 'SORT public:1', false],
    [{ key: '*' }, 'NOSUCHCOMMAND public:1', false],
  ])('%o for %s: %s', (rule, text, isAllowed) => {
    expect(says([rule], text) !== undefined).toBe(isAllowed);
  });

  it('let nothing through that nobody could follow', () => {
    for (const text of ['SUBSCRIBE a', 'monitor', 'HELLO 3', 'CLIENT REPLY OFF', 'PSYNC ? -1']) {
      expect(says([], text)).toBeUndefined();
      expect(says([{}], text)).toBeUndefined();
    }
  });

  it('tell the first that matches, and that there are none', () => {
    expect(says([{ command: 'SET' }, { command: 'GET' }, {}], 'GET a')).toBe(1);
    expect(says([], 'GET a')).toBe(-1);
  });

  it('know their fields and commands', () => {
    expect(redis.ruleProblem({ command: 'GET', key: 'a*' })).toBeUndefined();
    expect(redis.ruleProblem({ comand: 'GET' })).toContain('comand');
    expect(redis.ruleProblem({ command: 'GTE' })).toContain('GTE');
  });

  it('tell of commands and keys, never of values', () => {
    expect(redis.describe(['SET', 'a', 'secret'])).toBe('SET a');
    expect(redis.describe(['get', 'a\r\nb'])).toBe('GET a??b');
    expect(redis.describe(['GET', 'a'.repeat(1000)])).toHaveLength(100);
  });
});

describe('what clients of redis say', () => {
  const command = fc.array(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    { minLength: 1, maxLength: 5 },
  );

  it('is read as it was written, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (commands, sizes) => {
          const bytes = Buffer.concat(commands.map((one) => redis.encode(one)));
          const reader = redis.requests();
          const read: unknown[] = [];
          let at = 0;
          for (let i = 0; at < bytes.length; i++) {
            const next = at + (sizes[i] ?? bytes.length);
            read.push(...reader.push(bytes.subarray(at, next)));
            at = next;
          }
          expect(read).toEqual(commands);
        },
      ),
    );
  });

  it.each([
    'GET a\r\n',
    '$3\r\nGET\r\n',
    '*1\r\n:1\r\n',
    '*0\r\n',
    '*1\r\n*1\r\n$1\r\na\r\n',
    '-ERR\r\n',
  ])('is no command: %j', (text) => {
    expect(() => redis.requests().push(Buffer.from(text))).toThrow();
  });
});
