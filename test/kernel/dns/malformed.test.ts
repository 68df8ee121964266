import packet from 'dns-packet';
import { expect, test } from 'vitest';
import { query, TestClient } from './client.js';
import { opt } from './edns.js';
import { V4 } from './network.js';
import { dnsListener, reply, runProxy } from './setup.js';

const NAME = 'a.empire.test';

/** A label with a dot in it: to text it is the name that is allowed, to a server another one. */
const DOT_IN_LABEL = Buffer.concat([
  query('x').subarray(0, 12),
  Buffer.from([8]),
  Buffer.from('a.empire'),
  Buffer.from([4]),
  Buffer.from('test'),
  Buffer.from([0, 0, 1, 0, 1]),
]);
const POINTER = Buffer.concat([query('x').subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);

function changed(message: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(message);
  change(copy);
  return copy;
}

const ANSWERED: [what: string, message: Buffer, rcode: string][] = [
  ['two questions', twoQuestions(), 'REFUSED'],
  ['another opcode', changed(query(NAME), (b) => b.writeUInt8(0x28, 2)), 'NOTIMP'],
  ['no question', changed(query(NAME), (b) => b.writeUInt16BE(0, 4)).subarray(0, 12), 'FORMERR'],
  ['a question that is cut off', query(NAME).subarray(0, 20), 'FORMERR'],
  ['something behind the question', Buffer.concat([query(NAME), Buffer.from('x')]), 'FORMERR'],
  [
    'an answer in it',
    query(NAME, { answers: [{ name: NAME, type: 'A', data: '1.2.3.4' }] }),
    'FORMERR',
  ],
  [
    'more records announced than there are',
    changed(query(NAME), (b) => b.writeUInt16BE(9, 10)),
    'FORMERR',
  ],
  ['a label with a dot in it', DOT_IN_LABEL, 'REFUSED'],
  ['a name that points at itself', POINTER, 'FORMERR'],
  ['a name that no host has', query('a b.empire.test'), 'REFUSED'],
  ['another class', changed(query(NAME), (b) => b.writeUInt16BE(3, b.length - 2)), 'REFUSED'],
  ['a transfer', changed(query(NAME), (b) => b.writeUInt16BE(252, b.length - 4)), 'REFUSED'],
  ['more than a query needs', Buffer.concat([query(NAME), Buffer.alloc(4096)]), 'FORMERR'],
];

test.each(ANSWERED)(
  'a query with %s is answered %3$s, and never forwarded',
  async (_, message, rcode) => {
    const running = await runProxy({ listener: dnsListener(7) });
    for (const transport of ['udp', 'tcp'] as const) {
      const asking = await TestClient[transport](running.network, V4);
      asking.send(message);
      expect(await asking.next()).toMatchObject({ id: 1, type: 'response', rcode, answers: [] });
      // that is still served, and the only thing that got through
      expect(await asking.ask(NAME)).toMatchObject({ rcode: 'NOERROR' });
    }
    expect(running.server.received.map(({ message: { questions } }) => questions)).toMatchObject([
      [{ name: NAME }],
      [{ name: NAME }],
    ]);
    expect(running.records[0]?.verdict).toBe(rcode === 'REFUSED' ? 'denied' : 'malformed');
  },
);

test.each([
  ['shorter than a header', Buffer.from('tiny')],
  ['an answer', reply(packet.decode(query(NAME)), [])],
])('what is %s is dropped', async (_, message) => {
  const running = await runProxy();
  const asking = await TestClient.udp(running.network, V4);
  asking.send(message);
  expect(await asking.ask(NAME, 'A', 77)).toMatchObject({ id: 77 });
  expect(running.server.received).toHaveLength(1);
  expect(running.records.map(({ verdict }) => verdict)).toEqual(['malformed', 'allowed']);
  expect(running.records[0]).not.toHaveProperty('rcode');
});

test('a refusal of a query with EDNS says so in EDNS, and why', async () => {
  const running = await runProxy();
  const asking = await TestClient.udp(running.network, V4);
  asking.send(query('hoth.test', { additionals: [opt(1232)] }));
  const refusal = await asking.next();
  expect(refusal).toMatchObject({
    rcode: 'REFUSED',
    additionals: [{ type: 'OPT', options: [{ code: 15, data: Buffer.from([0, 18]) }] }],
  });
});

function twoQuestions(): Buffer {
  const questions = [NAME, 'b.empire.test'].map((name) => ({ name, type: 'A' as const }));
  return query(NAME, { questions });
}
