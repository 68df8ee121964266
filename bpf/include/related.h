// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ICMP errors belong to the flow of the packet that they carry the start of. */
#pragma once

#include "addr.h"
#include "packet.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* The header of the packet that an error is about; `about` gets addresses and protocol. */
static __always_inline int parse_inner_ip(struct __sk_buff *skb, struct packet *packet,
                                          struct packet *about) {
  __u32 offset = packet->transport + ICMP_HEADER;

  if (packet->isIPv6) {
    struct ipv6_header ip;
    if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip))) return 0;
    __builtin_memcpy(&about->source, ip.source, 16);
    __builtin_memcpy(&about->destination, ip.destination, 16);
    about->protocol = ip.nextHeader;
    packet->innerTransport = offset + sizeof(ip);
    return bpf_ntohl(ip.versionAndFlow) >> 28 == 6;
  }
  struct ipv4_header ip;
  if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip))) return 0;
  if (ip.fragment & bpf_htons(IPV4_FRAGMENT_OFFSET)) return 0;
  map_ipv4(&about->source, ip.source);
  map_ipv4(&about->destination, ip.destination);
  about->protocol = ip.protocol;
  packet->innerTransport = offset + (ip.versionAndLength & 0x0f) * 4;
  return ip.versionAndLength >> 4 == 4;
}

/*
 * Fills `related` as if the error were a packet of the flow that it is about, on the way that the
 * error takes. False when it is about none that could be known.
 */
__noinline int parse_related(struct __sk_buff *skb, struct packet *packet, struct packet *related) {
  struct transport_head head = {};

  if (!packet || !related) return 0;
  if (!parse_inner_ip(skb, packet, related)) return 0;
  /* Whoever sent a packet gets the error about it. */
  if (!same_addr(&related->source, &packet->destination)) return 0;
  if (bpf_skb_load_bytes(skb, packet->innerTransport, &head, ICMP_HEADER)) return 0;
  __u8 protocol = related->protocol;
  if (protocol == TCP || protocol == UDP || protocol == SCTP) {
    related->sourcePort = head.destination;
    related->destinationPort = head.source;
    related->policyPort = head.source;
  } else if (protocol == (packet->isIPv6 ? ICMPV6 : ICMP)) {
    __u8 type = bpf_ntohs(head.source) >> 8;
    __u8 otherWay = packet->isIPv6 ? ECHO_OTHER_WAY_V6 : ECHO_OTHER_WAY;
    __be16 id = *(__be16 *)head.rest;

    if (type == (packet->isIPv6 ? ECHO_REQUEST_V6 : ECHO_REQUEST))
      related->destinationPort = id;
    else if (type == (packet->isIPv6 ? ECHO_REPLY_V6 : ECHO_REPLY))
      related->sourcePort = id;
    else
      return 0;
    related->policyPort = bpf_htons((type ^ otherWay) << 8);
  } else {
    return 0;
  }
  related->source = related->destination;
  related->destination = packet->destination;
  related->isIPv6 = packet->isIPv6;
  related->hasFlow = 1;
  return 1;
}
