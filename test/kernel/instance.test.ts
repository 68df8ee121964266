import { describe, expect, test } from 'vitest';
import { openInstance } from '../../src/kernel/instance.js';

describe('an instance', () => {
  test('of the machine’s own namespace is called default', () => {
    expect(openInstance()).toEqual({
      name: 'default',
      pinDir: '/sys/fs/bpf/plumb/default',
      runDir: '/run/plumb/default',
      bpffs: '/sys/fs/bpf',
    });
  });

  test('of a named namespace is called like it', () => {
    expect(openInstance({ netns: 'hoth' })).toMatchObject({
      name: 'hoth',
      netnsPath: '/run/netns/hoth',
      pinDir: '/sys/fs/bpf/plumb/hoth',
      runDir: '/run/plumb/hoth',
    });
  });

  test('may be given by the path of its namespace', () => {
    expect(openInstance({ netns: '/proc/7/ns/net' })).toMatchObject({
      name: 'net',
      netnsPath: '/proc/7/ns/net',
    });
  });

  test('is below the root that is given', () => {
    expect(openInstance({ netns: 'hoth', root: '/tmp/x' })).toMatchObject({
      pinDir: '/tmp/x/bpf/hoth',
      runDir: '/tmp/x/run/hoth',
      bpffs: '/tmp/x/bpf',
    });
  });

  test('has no dot in its pins, which bpffs keeps for itself', () => {
    expect(openInstance({ netns: 'echo.base' }).pinDir).toBe('/sys/fs/bpf/plumb/echo_base');
  });

  test('cannot be called something that leaves its directory', () => {
    for (const netns of ['..', '', '-x', 'a b']) {
      expect(() => openInstance({ netns }), netns).toThrow(/not a name of a network namespace/);
    }
  });
});
