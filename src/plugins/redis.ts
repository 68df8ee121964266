import { exists, getKeyIndexes } from '@ioredis/commands';
import { RE2JS } from 're2js';
import RedisParser from 'redis-parser';
import type { ProtocolPlugin, Reader } from './plugin.js';

/** A command and its arguments, each byte a character. */
type Command = readonly string[];

/** Each has no answer of its own, or many, or makes another protocol of the connection. */
const NOT_FOLLOWED = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'],
  ...['monitor', 'sync', 'psync', 'replconf', 'hello', 'client'],
]);

/** Reach keys that they do not name: a rule about keys cannot let them through. */
const REACH_FURTHER = new Set([
  ...['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro', 'sort', 'sort_ro'],
]);

const FIELDS = ['command', 'key'];
const LONGEST_DESCRIPTION = 100;

/**
 * RESP2, what clients of Redis speak. Rules: `command`, a name in any case, and `key`, a pattern in which
 * `*` is any text, for every key of the command. Both must hold.
 */
export const redis: ProtocolPlugin<Command> = {
  name: 'redis',

  ruleProblem(rule) {
    const unknown = Object.keys(rule).find((field) => !FIELDS.includes(field));
    if (unknown !== undefined) return `redis has no field ${unknown}, but ${FIELDS.join(' and ')}`;
    const { command } = rule;
    if (command === undefined || exists(command.toLowerCase())) return undefined;
    return `redis has no command ${JSON.stringify(command)}`;
  },

  requests: () =>
    readerOf((reply) => {
      const parts: unknown[] = Array.isArray(reply) ? reply : [];
      if (parts.length === 0 || !parts.every(Buffer.isBuffer)) throw new Error('no command');
      return parts.map((part) => part.toString('latin1'));
    }),

  answers: () => readerOf((reply) => reply),

  canFollow: (command) => !NOT_FOLLOWED.has(nameOf(command)),

  matches({ command, key }, request) {
    const name = nameOf(request);
    if (command !== undefined && command.toLowerCase() !== name) return false;
    if (key === undefined) return true;
    if (REACH_FURTHER.has(name)) return false;
    const keys = keysOf(request);
    return keys.length > 0 && keys.every((one) => patternOf(key).matches(one));
  },

  encode: (command) =>
    Buffer.from(
      [
        `*${String(command.length)}\r\n`,
        ...command.map((part) => `$${String(part.length)}\r\n${part}\r\n`),
      ].join(''),
      'latin1',
    ),

  deny: () => Buffer.from('-NOPERM no policy lets this command through\r\n'),

  describe: (command) =>
    [nameOf(command).toUpperCase(), ...keysOf(command)]
      .join(' ')
      .replace(/[^\x20-\x7e]/g, '?')
      .slice(0, LONGEST_DESCRIPTION),

  parse(text) {
    const parts = text.trim().split(/\s+/);
    return parts[0] === '' ? undefined : parts;
  },
};

function nameOf([name = '']: Command): string {
  return name.toLowerCase();
}

/** None for a command that nobody knows: a rule about keys does not let it through. */
function keysOf(command: Command): string[] {
  const [, ...args] = command;
  const name = nameOf(command);
  if (!exists(name)) return [];
  try {
    return getKeyIndexes(name, args).map((index) => args[index] ?? '');
  } catch {
    return [];
  }
}

const patterns = new Map<string, RE2JS>();

function patternOf(key: string): RE2JS {
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const made = RE2JS.compile(key.split('*').map(RE2JS.quote).join('(?s:.*)'));
  patterns.set(key, made);
  return made;
}

function readerOf<T>(read: (reply: unknown) => T): Reader<T> {
  let found: T[] = [];
  let problem: Error | undefined;
  const parser = new RedisParser({
    returnBuffers: true,
    returnReply: (reply) => {
      found.push(read(reply));
    },
    // An answer like any other; of a client it is no command.
    returnError: (error) => {
      found.push(read(error));
    },
    returnFatalError: (error) => {
      problem = error;
    },
  });
  return {
    push(data) {
      found = [];
      parser.execute(data);
      if (problem !== undefined) throw problem;
      return found;
    },
  };
}
