import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTION, TestDatapath } from './datapath.js';
import { bytes, echo, packet, PROTOCOL, tcp } from './packets.js';
import { AT, story, withService } from './story.js';
import { endsOf } from './ends.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
beforeEach(() => datapath.load(story));
afterAll(() => datapath.close());

const send = async (frame: Uint8Array): Promise<number> =>
  (await datapath.run('from_endpoint', 'ep0', frame)).action;

const MORE = 0x2000;
const transportOf = (port: number) =>
  bytes([0x10, 0, port >> 8, port & 0xff], new Uint8Array(8), [0x50, 2], new Uint8Array(6));

/** A piece of a TCP packet; `offset` in 8 bytes, behind the TCP header by default. */
function piece(family: 4 | 6, port: number, { offset = 0, id = 1 } = {}): Uint8Array {
  const body = offset === 0 ? transportOf(port) : new Uint8Array(24);
  if (family === 4) {
    const fragment = offset === 0 ? MORE : offset;
    const frame = packet({ source: AT.a, destination: AT.b, protocol: 6, fragment, body });
    frame.set([0, id], 18);
    return fixed(frame);
  }
  const bits = offset === 0 ? 1 : offset << 3;
  const header = [PROTOCOL.tcp, 0, bits >> 8, bits & 0xff, 0, 0, 0, id];
  return packet({ source: AT.a6, destination: AT.b6, protocol: 44, body: bytes(header, body) });
}

/** With the checksum of its IPv4 header, which the datapath does not look at, made right. */
function fixed(frame: Uint8Array): Uint8Array {
  frame.set([0, 0], 24);
  let sum = 0;
  for (let i = 14; i < 34; i += 2) sum += (frame[i]! << 8) | frame[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.set([(~sum >> 8) & 0xff, ~sum & 0xff], 24);
  return frame;
}

describe.each([4, 6] as const)('fragments in IPv%i', (family) => {
  test('pass when the first one does', async () => {
    expect(await send(piece(family, 80))).toBe(ACTION.redirect);
    expect(await send(piece(family, 80, { offset: 20 }))).toBe(ACTION.redirect);
  });

  test('are denied when the first one is, for the same reason', async () => {
    expect(await send(piece(family, 81))).toBe(ACTION.drop);
    expect(await send(piece(family, 81, { offset: 20 }))).toBe(ACTION.drop);
    const reason = 'policy-default-deny';
    expect(datapath.events()).toMatchObject([
      { reason, destinationPort: 81 },
      { reason, destinationPort: 81 },
    ]);
  });

  test('of another packet are nobody’s', async () => {
    await send(piece(family, 80));
    expect(await send(piece(family, 80, { offset: 20, id: 2 }))).toBe(ACTION.drop);
    expect(datapath.events()).toMatchObject([{ reason: 'fragment' }]);
  });

  test('stop with the policy', async () => {
    await send(piece(family, 80));
    datapath.setEpoch(2, 1);
    expect(await send(piece(family, 80, { offset: 20 }))).toBe(ACTION.drop);
  });
});

test('fragments to a service all reach its back-end', async () => {
  await datapath.load(withService);
  const first = piece(4, 80);
  const later = piece(4, 80, { offset: 20 });
  const vip = [10, 96, 0, 1];
  for (const frame of [first, later]) {
    frame.set(vip, 30);
    const { action, data } = await datapath.run('from_endpoint', 'ep0', fixed(frame));
    expect(action).toBe(ACTION.redirect);
    expect(endsOf(data).destination).toBe(AT.b);
  }
});

describe('options of IPv6', () => {
  const behind = (header: number, frame: Uint8Array): Uint8Array =>
    packet({
      source: AT.a6,
      destination: AT.b6,
      protocol: header,
      body: bytes([frame[20]!, 0, 1, 4, 0, 0, 0, 0], frame.subarray(54)),
    });

  test.each([
    ['hop-by-hop options', 0],
    ['destination options', 60],
  ])('%s are passed over: what is behind them is judged', async (_, header) => {
    expect(await send(behind(header, tcp(AT.a6, AT.b6, [4000, 80])))).toBe(ACTION.redirect);
    expect(await send(behind(header, tcp(AT.a6, AT.b6, [4000, 81])))).toBe(ACTION.drop);
    expect(await send(behind(header, echo(AT.a6, AT.b6, 1)))).toBe(ACTION.redirect);
    expect(datapath.events()).toMatchObject([{ reason: 'policy-default-deny' }]);
  });
});
