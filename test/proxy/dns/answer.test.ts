import packet, { type Answer } from 'dns-packet';
import { expect, test } from 'vitest';
import { readAnswer } from '../../../src/proxy/dns/answer.js';
import { parseQuery, type Query } from '../../../src/proxy/dns/query.js';

const QUESTIONS = [{ name: 'a.test', type: 'A' as const }];
const QUERY = parseQuery(packet.encode({ type: 'query', questions: QUESTIONS })) as Query;

function read(...answers: Answer[]) {
  const message = packet.encode({ type: 'response', questions: QUESTIONS, answers });
  return readAnswer(message, QUERY)?.learned;
}

test.each(['127.0.0.1', '0.0.0.0', '169.254.169.254', '224.0.0.1', '255.255.255.255'])(
  'that a name is at %s is not learned',
  (data) => {
    const other: Answer = { name: 'a.test', type: 'A', ttl: 1, data: '192.0.2.1' };
    expect(read({ name: 'a.test', type: 'A', ttl: 9, data }, other)).toEqual({
      ...{ name: 'a.test', addresses: ['192.0.2.1'], ttl: 1 },
    });
    expect(read({ name: 'a.test', type: 'A', ttl: 9, data })).toBeUndefined();
  },
);

test.each(['::1', '::', 'fe80::1', 'ff02::1', '::ffff:192.0.2.1'])(
  'that a name is at %s is not learned',
  (data) => {
    expect(read({ name: 'a.test', type: 'AAAA', ttl: 9, data })).toBeUndefined();
  },
);

test('private addresses are learned like others', () => {
  expect(read({ name: 'a.test', type: 'A', ttl: 9, data: '10.9.9.9' })?.addresses).toEqual([
    '10.9.9.9',
  ]);
  expect(read({ name: 'a.test', type: 'AAAA', ttl: 9, data: 'fd00::1' })?.addresses).toEqual([
    'fd00::1',
  ]);
});

test('records of another class are not of the internet', () => {
  const chaos: Answer = { name: 'a.test', type: 'A', class: 'CH', ttl: 9, data: '192.0.2.1' };
  expect(read(chaos)).toBeUndefined();
});
