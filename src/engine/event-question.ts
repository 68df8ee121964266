import { z } from 'zod';
import { PlumbError } from '../model/error.js';
import { openerPort, PROTOCOLS } from '../model/port.js';
import type { L7Request } from '../policy/match-l7.js';
import type { VerdictQuestion } from './explain.js';

const peer = z.looseObject({
  endpoint: z.string().optional(),
  address: z.string(),
  port: z.int().min(0),
});

/** As much of an event (schemas/event.v1.json) as a verdict depends on. */
const packet = z.looseObject({
  type: z.literal('packet').optional(),
  protocol: z.string(),
  icmp: z.looseObject({ type: z.int().min(0) }).optional(),
  source: peer,
  destination: peer,
  isReply: z.boolean().optional(),
  direction: z.enum(['ingress', 'egress']).optional(),
  policyVersion: z.string().optional(),
});

/** The same of what a proxy tells of a request. */
const request = z.looseObject({
  type: z.literal('request'),
  protocol: z.string(),
  l7: z.string(),
  source: peer,
  destination: peer,
  request: z.string(),
});

/**
 * What to ask about the connection of an event: its opener, whom to, the port there, and of a request what
 * was asked for.
 * @param text JSON of one event, as a line of `plumb monitor --json`
 * @throws PlumbError PLB_EVENT
 */
export function questionOfEvent(text: string): VerdictQuestion {
  const json = parsed(text);
  const asked = request.safeParse(json);
  if (asked.success) {
    const { source, destination, protocol } = asked.data;
    return {
      from: nameOf(source),
      to: nameOf(destination),
      port: `${String(destination.port)}/${protocol}`,
      request: requestOf(asked.data),
    };
  }
  const { success, data } = packet.safeParse(json);
  if (!success) throw notAnEvent();
  const { source, destination, isReply = false, direction, policyVersion } = data;
  const [from, to] = isReply ? [destination, source] : [source, destination];
  return {
    from: nameOf(from),
    to: nameOf(to),
    port: portOf(data, to.port),
    ...(direction === undefined || policyVersion === undefined
      ? {}
      : { judged: { direction, version: policyVersion } }),
  };
}

function nameOf(side: z.infer<typeof peer>): string {
  return side.endpoint ?? side.address;
}

function portOf({ protocol, icmp, isReply = false }: z.infer<typeof packet>, port: number): string {
  if (icmp === undefined) return `${String(port)}/${protocol}`;
  const number = protocol === 'ICMP' ? PROTOCOLS.ICMP : PROTOCOLS.ICMPv6;
  const type = isReply ? openerPort(number, 0) >> 8 : icmp.type;
  return `${protocol}/${String(type)}`;
}

/** In the words of src/proxy/record.ts. */
function requestOf({ l7, request: text }: z.infer<typeof request>): L7Request {
  if (l7 === 'dns') return { dns: text.split(' ')[0] ?? '' };
  if (l7 === 'tls') return text === 'no name' ? {} : { sni: text };
  if (l7 !== 'http') return { l7: text };
  const [, method, path, host] = /^([A-Z]+) (\S+)(?: of (\S+))?$/.exec(text) ?? [];
  if (method === undefined || path === undefined) return {};
  return { http: { method, path, ...(host === undefined ? {} : { host }) } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAnEvent();
  }
}

function notAnEvent(): PlumbError {
  return new PlumbError('PLB_EVENT', 'this is no event of a packet or a request', {
    hint: 'Give one line of `plumb monitor --json`.',
  });
}
