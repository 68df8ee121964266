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

it.each([
  ['ICMP', 0, 'ICMP/8'],
  ['ICMPv6', 129, 'ICMPv6/128'],
])('a reply of %s asks about the echo request that it answers', (protocol, type, port) => {
  const reply = { ...packet, protocol, icmp: { type, code: 0 }, isReply: true };
  expect(questionOfEvent(JSON.stringify(reply))).toEqual({
    from: '192.0.2.1',
    to: 'xwing',
    port,
  });
});

it('says which policy judged, where that is known', () => {
  const judged = { ...packet, direction: 'egress', policyVersion: '78baf1e7' };
  expect(questionOfEvent(JSON.stringify(judged)).judged).toEqual({
    direction: 'egress',
    version: '78baf1e7',
  });
});

it.each([
  ['http', 'PUT /v1/x', { http: { method: 'PUT', path: '/v1/x' } }],
  ['http', 'GET /a?b of star.test', { http: { method: 'GET', path: '/a?b', host: 'star.test' } }],
  ['http', '? ', {}],
  ['dns', 'base.rebels.test A', { dns: 'base.rebels.test' }],
  ['tls', 'star.test', { sni: 'star.test' }],
  ['tls', 'no name', {}],
  ['redis', 'GET public:1', { l7: 'GET public:1' }],
])('a record of %s asks about its request %s', (l7, request, asked) => {
  const record = { ...packet, type: 'request', l7, request };
  expect(questionOfEvent(JSON.stringify(record))).toEqual({
    from: 'xwing',
    to: '192.0.2.1',
    port: '443/TCP',
    request: asked,
  });
});

it.each(['', '[]', '{"type":"lost"}', '{"protocol":"TCP"}'])('%s is no event', (text) => {
  expect(() => questionOfEvent(text)).toThrow('no event of a packet or a request');
});
