// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "addr.h"
#include "extensions.h"
#include "features.h"
#include "packet.h"
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/*
 * Listener, router and neighbor messages and redirects (RFC 2710, 4861, 3810). Neighbors are
 * permanent, so nobody here needs them, and a forged one could draw traffic to itself.
 */
static __always_inline int is_neighborhood(__u8 type) {
  return (type >= 130 && type <= 137) || type == 143;
}

/* Errors that carry the packet that they are about (RFC 792, 4443). */
static __always_inline int is_error(__u8 type, __u8 isV6) {
  return isV6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

static __always_inline enum reason parse_icmp(struct packet *packet,
                                              const struct transport_head *head) {
  /* Type and code are where a source port would be, the id is behind the checksum. */
  __u8 type = bpf_ntohs(head->source) >> 8;
  __be16 id = *(const __be16 *)head->rest;
  __u8 isV6 = packet->protocol == ICMPV6;

  if (isV6 && type == NEIGHBOR_SOLICITATION) return NEIGHBOR_QUERY;
  if (isV6 && is_neighborhood(type)) return UNSUPPORTED_MULTICAST;
  packet->policyPort = head->source;
  packet->isError = is_error(type, isV6);
  if (type == (isV6 ? ECHO_REQUEST_V6 : ECHO_REQUEST))
    packet->sourcePort = id;
  else if (type == (isV6 ? ECHO_REPLY_V6 : ECHO_REPLY))
    packet->destinationPort = id;
  else
    packet->hasFlow = 0;
  return FORWARDED;
}

/* Ports, flags and ICMP types. Bytes that are not there: malformed. */
static __always_inline enum reason parse_transport(struct __sk_buff *skb, struct packet *packet) {
  struct transport_head head = {};
  __u8 protocol = packet->protocol;

  packet->hasFlow = 1;
  /* Its ports are in the first fragment. */
  if (packet->fragment == LATER_FRAGMENT) return FORWARDED;
  if (protocol == TCP) {
    if (bpf_skb_load_bytes(skb, packet->transport, &head, sizeof(head))) return MALFORMED;
    packet->tcpFlags = head.rest[9];
  } else if (protocol == UDP || protocol == SCTP) {
    if (bpf_skb_load_bytes(skb, packet->transport, &head, ICMP_HEADER)) return MALFORMED;
  } else if (protocol == ICMP || protocol == ICMPV6) {
    if (bpf_skb_load_bytes(skb, packet->transport, &head, ICMP_HEADER)) return MALFORMED;
    return parse_icmp(packet, &head);
  } else {
    return FORWARDED;
  }
  packet->sourcePort = head.source;
  packet->destinationPort = head.destination;
  packet->policyPort = head.destination;
  return FORWARDED;
}

static __always_inline enum reason parse_ipv4(struct __sk_buff *skb, struct packet *packet) {
  struct ipv4_header ip;

  if (bpf_skb_load_bytes(skb, ETHERNET_HEADER, &ip, sizeof(ip))) return MALFORMED;
  __u32 length = (ip.versionAndLength & 0x0f) * 4;
  if (ip.versionAndLength >> 4 != 4 || length < sizeof(ip)) return MALFORMED;
  if (ETHERNET_HEADER + length > skb->len) return MALFORMED;
  map_ipv4(&packet->source, ip.source);
  map_ipv4(&packet->destination, ip.destination);
  packet->protocol = ip.protocol;
  packet->transport = ETHERNET_HEADER + length;
  /* 224.0.0.0/4 and above, limited broadcast included. */
  if (bpf_ntohl(ip.destination) >= 0xe0000000) return UNSUPPORTED_MULTICAST;
  /* A protocol number of the other family would be judged by rules that do not mean it. */
  if (ip.protocol == ICMPV6) return UNSUPPORTED_PROTOCOL;
  __u16 offset = bpf_ntohs(ip.fragment) & IPV4_FRAGMENT_OFFSET;
  if (offset)
    packet->fragment = LATER_FRAGMENT;
  else if (ip.fragment & bpf_htons(IPV4_MORE_FRAGMENTS))
    packet->fragment = FIRST_FRAGMENT;
  packet->fragmentId = ip.id;
  /* It would write over the flags that the first one was judged by (RFC 1858). */
  if (offset == 1 && ip.protocol == TCP) return MALFORMED;
  return parse_transport(skb, packet);
}

static __always_inline enum reason parse_ipv6(struct __sk_buff *skb, struct packet *packet) {
  struct ipv6_header ip;

  if (bpf_skb_load_bytes(skb, ETHERNET_HEADER, &ip, sizeof(ip))) return MALFORMED;
  if (bpf_ntohl(ip.versionAndFlow) >> 28 != 6) return MALFORMED;
  __builtin_memcpy(&packet->source, ip.source, 16);
  __builtin_memcpy(&packet->destination, ip.destination, 16);
  packet->isIPv6 = 1;
  packet->protocol = ip.nextHeader;
  packet->transport = ETHERNET_HEADER + IPV6_HEADER;
  enum reason reason = skip_extensions(skb, packet);
  if (reason) return reason;
  if (packet->destination.bytes[0] == 0xff) {
    __u8 type = 0;
    if (packet->protocol != ICMPV6 || bpf_skb_load_bytes(skb, packet->transport, &type, 1))
      return UNSUPPORTED_MULTICAST;
    return type == NEIGHBOR_SOLICITATION ? NEIGHBOR_QUERY : UNSUPPORTED_MULTICAST;
  }
  if (packet->protocol == ICMP) return UNSUPPORTED_PROTOCOL;
  /* An IPv4-mapped one would pass for an IPv4 peer, :: for an endpoint that has no IPv6. */
  if (is_never_sent(&packet->source)) return SPOOFED_SOURCE;
  if (is_never_sent(&packet->destination)) return MALFORMED;
  return parse_transport(skb, packet);
}

/*
 * FORWARDED, or why the packet must not be. A function of its own, because the verifier then walks
 * through it once.
 */
__noinline int parse(struct __sk_buff *skb, struct packet *packet) {
  if (!packet) return MALFORMED;
  /* A tag is not in the frame any more, and would go along with it unseen. */
  if (skb->vlan_present) return UNSUPPORTED_ETHERTYPE;
  if (skb->protocol == bpf_htons(ETHERTYPE_IPV4)) return parse_ipv4(skb, packet);
  if (feature_ipv6 && skb->protocol == bpf_htons(ETHERTYPE_IPV6)) return parse_ipv6(skb, packet);
  if (skb->protocol == bpf_htons(ETHERTYPE_ARP)) return NEIGHBOR_QUERY;
  return UNSUPPORTED_ETHERTYPE;
}
