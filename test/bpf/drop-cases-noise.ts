import type { Drop } from './drop-cases.js';
import { bytes, icmp, packet, udp } from './packets.js';
import { AT } from './story.js';

function neighborDiscovery(type: number): Drop {
  return {
    reason: 'unsupported-multicast',
    what: `ICMPv6 type ${type} to an address of its own`,
    frame: icmp(AT.a6, AT.b6, { type }),
  };
}

/** What interfaces send by themselves, and nobody asked for. */
export const linkNoise: readonly Drop[] = [
  {
    reason: 'unsupported-multicast',
    what: 'IPv4 multicast',
    frame: udp(AT.a, '224.0.0.251', [5353, 5353]),
  },
  {
    reason: 'unsupported-multicast',
    what: 'IPv4 broadcast',
    frame: udp(AT.a, '255.255.255.255', [68, 67]),
  },
  {
    reason: 'neighbor-query',
    what: 'a neighbor solicitation that is cut short',
    frame: icmp(AT.a6, 'ff02::1:ff00:2', { type: 135 }),
  },
  {
    reason: 'neighbor-query',
    what: 'duplicate address detection',
    frame: icmp('::', 'ff02::1:ff00:2', { type: 135 }),
  },
  {
    reason: 'unsupported-multicast',
    what: 'an MLD report behind hop-by-hop options',
    frame: packet({
      source: AT.a6,
      destination: 'ff02::16',
      protocol: 0,
      body: bytes([58, 0, 5, 2, 0, 0, 1, 0, 143], new Uint8Array(7)),
    }),
  },
  neighborDiscovery(130),
  neighborDiscovery(134),
  neighborDiscovery(136),
  neighborDiscovery(137),
  neighborDiscovery(143),
];
