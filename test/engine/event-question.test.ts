import { expect, it } from 'vitest';
import { questionOfEvent } from '../../src/engine/event-question.js';

const packet = {
  protocol: 'TCP',
  source: { address: '10.1.0.31', port: 40_000, endpoint: 'xwing' },
  destination: { address: '192.0.2.1', port: 443 },
};

it('an event asks about its connection: names before addresses, and the port at the far end', () => {
  expect(questionOfEvent(JSON.stringify(packet))).toEqual({
    from: 'xwing',
    to: '192.0.2.1',
    port: '443/TCP',
  });
});

it('a reply asks about the connection that it answers', () => {
  expect(questionOfEvent(JSON.stringify({ ...packet, isReply: true }))).toEqual({
    from: '192.0.2.1',
    to: 'xwing',
    port: '40000/TCP',
  });
});

it('ICMP asks about its type', () => {
  const icmp = { ...packet, protocol: 'ICMPv6', icmp: { type: 128, code: 0 } };
  expect(questionOfEvent(JSON.stringify(icmp)).port).toBe('ICMPv6/128');
});

it.each(['', '[]', '{"type":"lost"}', '{"protocol":"TCP"}'])('%s is no event', (text) => {
  expect(() => questionOfEvent(text)).toThrow('no event of a packet');
});
