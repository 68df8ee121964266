import packet, { type Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answers, readAnswer } from '../../../src/proxy/dns/answer.js';
import { frame, Unframer } from '../../../src/proxy/dns/framing.js';
import { parseQuery, type Query } from '../../../src/proxy/dns/query.js';
import { readHeader, readQuestion, withId } from '../../../src/proxy/dns/wire.js';

const label = fc.stringMatching(/^[-a-zA-Z0-9_]{1,10}$/);
const hostName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const id = fc.integer({ min: 0, max: 65_535 });
const type = fc.constantFrom('A' as const, 'AAAA' as const, 'TXT' as const);
const query = fc
  .record({ id, name: hostName, type, flags: fc.constantFrom(0, packet.RECURSION_DESIRED) })
  .map(({ name, type, ...rest }) =>
    packet.encode({ ...rest, type: 'query', questions: [{ name, type }] }),
  );
const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
/** A query in which some bytes are others, or are missing. */
const spoiled = fc
  .tuple(
    query,
    fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 255 })), { maxLength: 3 }),
    fc.nat({ max: 70 }),
  )
  .map(([message, changes, length]) => {
    const copy = Buffer.from(message);
    for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
    return copy.subarray(0, length);
  });

describe('a message of a client', () => {
  it('is a query whose name is the one that a server will read, or is none', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, spoiled, query), (message) => {
        const parsed = parseQuery(message);
        if ('problem' in parsed) {
          if (parsed.answer === undefined) return;
          const header = readHeader(parsed.answer);
          expect(header).toMatchObject({ id: message.readUInt16BE(0), isResponse: true });
          expect(header?.rcode).not.toBe(0);
          // an answer must not be a way to send somebody more than they sent
          expect(parsed.answer.length).toBeLessThanOrEqual(message.length + 17);
          return;
        }
        const { questions = [], answers: records = [] } = packet.decode(message);
        expect(questions).toHaveLength(1);
        expect(records).toEqual([]);
        expect(parsed.name).toBe(questions[0]?.name.toLowerCase());
        expect(parsed.name).toMatch(/^[-a-z0-9_]+(\.[-a-z0-9_]+)*$/);
        expect(parsed.id).toBe(message.readUInt16BE(0));
      }),
      { numRuns: 3000 },
    );
  });

  it('with a plain question is taken for what it is', () => {
    fc.assert(
      fc.property(query, (message) => {
        const { questions = [] } = packet.decode(message);
        const name = questions[0]?.name.toLowerCase();
        expect(parseQuery(message)).toMatchObject({ name, type: questions[0]?.type });
      }),
    );
  });
});

describe('a message of a server', () => {
  it('never throws, whatever is in it', () => {
    const asked = fc.sample(query, { numRuns: 1, seed: 1 })[0] ?? Buffer.alloc(0);
    const parsed = parseQuery(asked) as Query;
    fc.assert(
      fc.property(fc.oneof(bytes, spoiled), (message) => {
        expect(typeof answers(message, parsed.id, parsed.question)).toBe('boolean');
        const read = readAnswer(message, parsed);
        if (read?.learned !== undefined) expect(read.learned.name).toBe(parsed.name);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers only the question, with the id, that it was sent', () => {
    fc.assert(
      fc.property(query, query, id, (asked, other, number) => {
        const sent = withId(asked, number);
        const [own, foreign] = [readQuestion(asked), readQuestion(other)];
        if (own === undefined || foreign === undefined) throw new Error('no question');
        const response = (message: Buffer, from: number): Buffer => {
          const copy = withId(message, from);
          copy.writeUInt16BE(copy.readUInt16BE(2) | (1 << 15), 2);
          return copy;
        };
        expect(answers(response(sent, number), number, own.bytes)).toBe(true);
        expect(answers(sent, number, own.bytes)).toBe(false);
        expect(answers(response(sent, number ^ 1), number, own.bytes)).toBe(false);
        const lower = (raw: Buffer) => raw.toString('latin1').toLowerCase();
        const same = lower(own.bytes) === lower(foreign.bytes);
        expect(answers(response(other, number), number, own.bytes)).toBe(same);
      }),
    );
  });

  it('names the addresses that its aliases lead to from the name, and no others', () => {
    const names = ['q.test', 'a.test', 'b.test', 'c.test', 'd.test'];
    const one = fc.constantFrom(...names);
    const record: fc.Arbitrary<Answer> = fc.oneof(
      fc.record({ name: one, type: fc.constant('CNAME' as const), data: one, ttl: fc.nat(100) }),
      fc.record({
        name: one,
        type: fc.constant('A' as const),
        data: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
        ttl: fc.nat(100),
      }),
    );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (records) => {
        const question = packet.encode({
          type: 'query',
          questions: [{ name: 'q.test', type: 'A' }],
        });
        const parsed = parseQuery(question) as Query;
        const message = packet.encode({
          ...{ type: 'response', questions: [{ name: 'q.test', type: 'A' }], answers: records },
        });
        const reached = new Set(['q.test']);
        for (let i = 0; i < names.length; i++) {
          for (const { name, type, data } of records as {
            name: string;
            type: string;
            data: string;
          }[]) {
            if (type === 'CNAME' && reached.has(name)) reached.add(data);
          }
        }
        const expected = (records as { name: string; type: string; data: string }[])
          .filter(({ type, name }) => type === 'A' && reached.has(name))
          .map(({ data }) => data);
        const { learned } = readAnswer(message, parsed) ?? {};
        expect(learned?.addresses ?? []).toEqual([...new Set(expected)].sort());
      }),
    );
  });
});

describe('messages in a stream', () => {
  it('come out as they went in, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.array(fc.integer({ min: 1, max: 30 })), (messages, cuts) => {
        const stream = Buffer.concat(messages.map(frame));
        const unframer = new Unframer();
        const came: Buffer[] = [];
        let at = 0;
        for (const length of [...cuts, stream.length]) {
          came.push(...unframer.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(came.map((one) => one.toString('hex'))).toEqual(
          messages.map((one) => one.toString('hex')),
        );
      }),
    );
  });
});
