import { z } from 'zod';
import { PlumbError } from '../model/error.js';
import type { VerdictQuestion } from './explain.js';

const peer = z.looseObject({
  endpoint: z.string().optional(),
  address: z.string(),
  port: z.int().min(0),
});

/** As much of an event (schemas/event.v1.json) as a verdict depends on. */
const event = z.looseObject({
  type: z.literal('packet').optional(),
  protocol: z.string(),
  icmp: z.looseObject({ type: z.int().min(0) }).optional(),
  source: peer,
  destination: peer,
  isReply: z.boolean().optional(),
});

/**
 * What to ask about the connection of an event: its opener, whom to, and the port there.
 * @param text JSON of one event, as a line of `plumb monitor --json`
 * @throws PlumbError PLB_EVENT
 */
export function questionOfEvent(text: string): VerdictQuestion {
  const { success, data } = event.safeParse(parsed(text));
  if (!success) throw notAnEvent();
  const { protocol, icmp, source, destination, isReply = false } = data;
  const [from, to] = isReply ? [destination, source] : [source, destination];
  const name = (side: z.infer<typeof peer>): string => side.endpoint ?? side.address;
  const port =
    icmp === undefined ? `${String(to.port)}/${protocol}` : `${protocol}/${String(icmp.type)}`;
  return { from: name(from), to: name(to), port };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAnEvent();
  }
}

function notAnEvent(): PlumbError {
  return new PlumbError('PLB_EVENT', 'this is no event of a packet', {
    hint: 'Give one line of `plumb monitor --json`.',
  });
}
