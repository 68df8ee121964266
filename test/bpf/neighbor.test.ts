import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/state/address.js';
import { ACTION, TestDatapath } from './datapath.js';
import { bytes, packet, PROTOCOL } from './packets.js';
import { AT, MAC, story } from './story.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
beforeEach(() => datapath.load(story));
afterAll(() => datapath.close());

const fromB = (frame: Uint8Array) => datapath.run('from_endpoint', 'ep1', frame);
const mac = (text: string): number[] => text.split(':').map((part) => parseInt(part, 16));
const ip4 = (text: string): Uint8Array => parseAddress(text).subarray(12);

function whoHas(target: string, sender: string): Uint8Array {
  const ethernet = bytes(mac('ff:ff:ff:ff:ff:ff'), mac(MAC.b), [0x08, 0x06]);
  const head = [0, 1, 0x08, 0, 6, 4, 0, 1];
  return bytes(ethernet, head, mac(MAC.b), ip4(sender), new Uint8Array(6), ip4(target));
}

function solicitation(target: string, source: string): Uint8Array {
  const body = bytes([135, 0, 0, 0, 0, 0, 0, 0], parseAddress(target), [1, 1], mac(MAC.b));
  const destination = 'ff02::1:ff00:fe';
  const frame = packet({ source, destination, protocol: PROTOCOL.icmpv6, body });
  frame[21] = 255;
  return frame;
}

/** 0xffff when the checksum over the pseudo header and the message is right. */
function sumOf(frame: Uint8Array): number {
  const message = frame.subarray(54);
  const pseudo = bytes(frame.subarray(22, 54), [0, 0, 0, message.length, 0, 0, 0, 58], message);
  let sum = 0;
  for (let i = 0; i < pseudo.length; i += 2) sum += (pseudo[i]! << 8) | pseudo[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

describe('an endpoint that asks for a neighbor', () => {
  test('gets the host’s side of its device by ARP', async () => {
    const { action, data } = await fromB(whoHas('10.9.0.254', AT.b));
    expect(action).toBe(ACTION.redirect);
    const answer = bytes(
      [0, 1, 0x08, 0, 6, 4, 0, 2],
      mac(MAC.hostOfB),
      ip4('10.9.0.254'),
      mac(MAC.b),
      ip4(AT.b),
    );
    expect(bytes(data.subarray(14))).toEqual(answer);
    expect(bytes(data.subarray(0, 12))).toEqual(bytes(mac(MAC.b), mac(MAC.hostOfB)));
  });

  test('gets the host’s side of its device by neighbor discovery', async () => {
    const { action, data } = await fromB(solicitation('fd09::fe', AT.b6));
    expect(action).toBe(ACTION.redirect);
    expect(bytes(data.subarray(22, 38))).toEqual(parseAddress('fd09::fe'));
    expect(bytes(data.subarray(38, 54))).toEqual(parseAddress(AT.b6));
    expect(bytes(data.subarray(54, 59))).toEqual(bytes([136, 0], data.subarray(56, 58), [0x60]));
    expect(bytes(data.subarray(78))).toEqual(bytes([2, 1], mac(MAC.hostOfB)));
    expect(sumOf(data)).toBe(0xffff);
  });

  test.each([
    ['in another’s name, by ARP', whoHas('10.9.0.254', AT.a)],
    ['in another’s name, by neighbor discovery', solicitation('fd09::fe', AT.a6)],
    ['for its own address, by ARP', whoHas(AT.b, AT.b)],
    ['for its own address, by neighbor discovery', solicitation(AT.b6, AT.b6)],
    ['in search of duplicates', solicitation(AT.b6, '::')],
  ])('%s gets no answer, and nothing passes', async (_, frame) => {
    expect((await fromB(frame)).action).toBe(ACTION.drop);
    expect(datapath.events()).toEqual([]);
  });
});
