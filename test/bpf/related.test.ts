import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTION, TestDatapath } from './datapath.js';
import { bytes, echo, ETHERNET, packet, PROTOCOL, tcp } from './packets.js';
import { AT, story } from './story.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
beforeEach(() => datapath.load(story));
afterAll(() => datapath.close());

/** What `from` tells `to` about a packet of theirs. */
function error(from: string, to: string, about: Uint8Array, type?: number): Uint8Array {
  const isIPv6 = from.includes(':');
  return packet({
    source: from,
    destination: to,
    protocol: isIPv6 ? PROTOCOL.icmpv6 : PROTOCOL.icmp,
    body: bytes([type ?? (isIPv6 ? 1 : 3), 4, 0, 0, 0, 0, 0, 0], about.subarray(ETHERNET)),
  });
}

const fromB = async (frame: Uint8Array) =>
  (await datapath.run('from_endpoint', 'ep1', frame)).action;
const toA = async (frame: Uint8Array) => (await datapath.run('to_endpoint', 'ep0', frame)).action;

describe.each([
  ['IPv4', AT.a, AT.b, AT.remote, '203.0.113.1'],
  ['IPv6', AT.a6, AT.b6, AT.remote6, '2001:db8:ffff::1'],
])('an ICMP error in %s', (_, a, b, remote, router) => {
  const about = tcp(a, b, [4000, 80]);

  test('passes to the opener of a flow that is allowed, where no rule allows ICMP', async () => {
    await datapath.run('from_endpoint', 'ep0', about);
    expect(await fromB(error(b, a, about))).toBe(ACTION.redirect);
  });

  test('passes from any router on the way', async () => {
    const sent = tcp(a, remote, [4000, 80]);
    await datapath.run('from_endpoint', 'ep0', sent);
    expect(await toA(error(router, a, sent, a === AT.a ? 11 : 2))).toBe(ACTION.ok);
  });

  test('passes about an echo', async () => {
    const sent = echo(a, b, 7);
    await datapath.run('from_endpoint', 'ep0', sent);
    expect(await fromB(error(b, a, sent))).toBe(ACTION.redirect);
  });

  test('about no flow that is known is judged as what it is', async () => {
    expect(await fromB(error(b, a, about))).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ reason: 'policy-default-deny' }]);
  });

  test('about a packet that its receiver did not send is judged as what it is', async () => {
    await datapath.run('from_endpoint', 'ep0', about);
    expect(await fromB(error(b, a, tcp(remote, b, [4000, 80])))).toBe(ACTION.drop);
  });

  test('stops with the flow’s policy, also when no packet of the flow came since', async () => {
    await datapath.run('from_endpoint', 'ep0', about);
    datapath.setEpoch(2, 1);
    expect(await fromB(error(b, a, about))).toBe(ACTION.drop);
  });

  test('passes after a change that leaves the flow allowed', async () => {
    const sent = tcp(a, remote, [4000, 80]);
    await datapath.run('from_endpoint', 'ep0', sent);
    datapath.setEpoch(2, 0);
    expect(await toA(error(router, a, sent))).toBe(ACTION.ok);
  });
});
