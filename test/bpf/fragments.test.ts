import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTION, TestDatapath } from './datapath.js';
import { fragmentOf } from './fragment-bytes.js';
import { bytes, echo, packet, tcp } from './packets.js';
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

/** A piece of a TCP packet; `offset` in 8 bytes. */
function piece(
  family: 4 | 6,
  port: number,
  options: { offset?: number; id?: number; to?: string } = {},
) {
  const { offset = 0, id = 1, to = AT.b } = options;
  const frame = family === 4 ? tcp(AT.a, to, [4096, port]) : tcp(AT.a6, AT.b6, [4096, port]);
  return fragmentOf(frame, id, offset);
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
  for (const offset of [0, 20]) {
    const frame = piece(4, 80, { offset, to: AT.vip });
    const { action, data } = await datapath.run('from_endpoint', 'ep0', frame);
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
