import { expect, it } from 'vitest';
import { haproxyConfig } from '../../../src/proxy/haproxy/config.js';
import { cpuVariables } from '../../../src/proxy/haproxy/threads.js';
import { httpListener } from './harness.js';

const sharing = (mode: 'socket' | 'tproxy' | 'nat'): string[] =>
  haproxyConfig([httpListener(7, [])], mode)
    .split('\n')
    .filter((line) => /^ {2}(bind|cpu-map|nbthread) /.test(line));

it('each thread has a socket and CPUs of its own where SK_LOOKUP chooses among sockets', () => {
  expect(sharing('socket')).toEqual([
    '  nbthread 2',
    '  cpu-map 1/odd "${PLUMB_CPUS_1}"',
    '  cpu-map 1/even "${PLUMB_CPUS_2}"',
    '  bind "fd@${PLUMB_FD_7}" thread 1',
    '  bind "fd@${PLUMB_FD_7_2}" thread 2',
  ]);
});

it.each(['tproxy', 'nat'] as const)('all threads share one in mode %s', (mode) => {
  expect(sharing(mode)).toEqual(['  nbthread 2', '  bind "fd@${PLUMB_FD_7}"']);
});

it.each([
  [[0, 1], '0', '1'],
  [[0, 1, 2, 3, 6, 7], '0,2,6', '1,3,7'],
  [[4], '4', '4'],
  [[1, 3], '1,3', '1,3'],
])('of the CPUs %j the threads run on %s and %s', (allowed, first, second) => {
  expect(cpuVariables(allowed)).toEqual({ PLUMB_CPUS_1: first, PLUMB_CPUS_2: second });
});
