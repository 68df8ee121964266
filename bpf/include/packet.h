// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "addr.h"
#include "features.h"
#include "types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* What is judged of a packet. */
struct packet {
  struct plumb_addr source;
  struct plumb_addr destination;
  /* Ports of the flow, for conntrack. An echo has its id at the side that asks. */
  __be16 sourcePort;
  __be16 destinationPort;
  /* Port that policy is looked up by; type << 8 | code of ICMP. */
  __be16 policyPort;
  __u8 protocol;
  __u8 tcpFlags;
  __u8 isIPv6;
  /* 0 for ICMP that is no echo: nothing tells its reply from a request. */
  __u8 hasFlow;
};

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERNET_HEADER 14
#define IPV6_HEADER 40

#define ECHO_REPLY 0
#define ECHO_REQUEST 8
#define ECHO_REQUEST_V6 128
#define ECHO_REPLY_V6 129

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

enum protocol {
  HOP_BY_HOP = 0,
  ICMP = 1,
  TCP = 6,
  UDP = 17,
  ROUTING = 43,
  IPV6_FRAGMENT = 44,
  ESP = 50,
  AUTHENTICATION = 51,
  ICMPV6 = 58,
  DESTINATION_OPTIONS = 60,
  SCTP = 132,
  MOBILITY = 135,
  HIP = 139,
  SHIM6 = 140,
};

struct ipv4_header {
  __u8 versionAndLength;
  __u8 service;
  __be16 length;
  __be16 id;
  __be16 fragment; /* flags and offset */
  __u8 ttl;
  __u8 protocol;
  __be16 checksum;
  __be32 source;
  __be32 destination;
};
SIZE_IS(struct ipv4_header, 20);

struct ipv6_header {
  __be32 versionAndFlow;
  __be16 length;
  __u8 nextHeader;
  __u8 hopLimit;
  __be32 source[4];
  __be32 destination[4];
};
SIZE_IS(struct ipv6_header, 40);

/* More fragments, or an offset. */
#define IPV4_IS_FRAGMENT 0x3fff

/*
 * Listener, router and neighbor messages and redirects (RFC 2710, 4861, 3810). Neighbors are
 * permanent, so nobody here needs them, and a forged one could draw traffic to itself.
 */
static __always_inline int is_neighborhood(__u8 type) {
  return (type >= 130 && type <= 137) || type == 143;
}

/* Ports, flags and ICMP types, from the header at `offset`. Bytes that are not there: malformed. */
static __always_inline enum reason parse_transport(struct __sk_buff *skb, struct packet *packet,
                                                   __u32 offset) {
  struct {
    __be16 source;
    __be16 destination;
    __u8 rest[10];
  } head = {};
  __u8 protocol = packet->protocol;

  packet->hasFlow = 1;
  if (protocol == TCP) {
    if (bpf_skb_load_bytes(skb, offset, &head, sizeof(head))) return MALFORMED;
    packet->tcpFlags = head.rest[9];
  } else if (protocol == UDP || protocol == SCTP) {
    if (bpf_skb_load_bytes(skb, offset, &head, 8)) return MALFORMED;
  } else if (protocol == ICMP || protocol == ICMPV6) {
    if (bpf_skb_load_bytes(skb, offset, &head, 8)) return MALFORMED;
    /* type and code are where a source port would be, the id is behind the checksum. */
    __u8 type = bpf_ntohs(head.source) >> 8;
    __be16 id = *(__be16 *)head.rest;
    __u8 isV6 = protocol == ICMPV6;

    if (isV6 && is_neighborhood(type)) return UNSUPPORTED_MULTICAST;
    packet->policyPort = head.source;
    if (type == (isV6 ? ECHO_REQUEST_V6 : ECHO_REQUEST))
      packet->sourcePort = id;
    else if (type == (isV6 ? ECHO_REPLY_V6 : ECHO_REPLY))
      packet->destinationPort = id;
    else
      packet->hasFlow = 0;
    return FORWARDED;
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
  if (ip.fragment & bpf_htons(IPV4_IS_FRAGMENT)) return FRAGMENT;
  /* 224.0.0.0/4 and above, limited broadcast included. */
  if (bpf_ntohl(ip.destination) >= 0xe0000000) return UNSUPPORTED_MULTICAST;
  /* A protocol number of the other family would be judged by rules that do not mean it. */
  if (ip.protocol == ICMPV6) return UNSUPPORTED_PROTOCOL;
  return parse_transport(skb, packet, ETHERNET_HEADER + length);
}

static __always_inline enum reason parse_ipv6(struct __sk_buff *skb, struct packet *packet) {
  struct ipv6_header ip;

  if (bpf_skb_load_bytes(skb, ETHERNET_HEADER, &ip, sizeof(ip))) return MALFORMED;
  if (bpf_ntohl(ip.versionAndFlow) >> 28 != 6) return MALFORMED;
  __builtin_memcpy(&packet->source, ip.source, 16);
  __builtin_memcpy(&packet->destination, ip.destination, 16);
  packet->isIPv6 = 1;
  packet->protocol = ip.nextHeader;
  if (packet->destination.bytes[0] == 0xff) return UNSUPPORTED_MULTICAST;
  switch (ip.nextHeader) {
  case IPV6_FRAGMENT:
    return FRAGMENT;
  case HOP_BY_HOP:
  case ROUTING:
  case ESP:
  case AUTHENTICATION:
  case DESTINATION_OPTIONS:
  case MOBILITY:
  case HIP:
  case SHIM6:
    return EXTENSION_HEADER;
  case ICMP:
    return UNSUPPORTED_PROTOCOL;
  }
  /* An IPv4-mapped one would pass for an IPv4 peer, :: for an endpoint that has no IPv6. */
  if (is_never_sent(&packet->source)) return SPOOFED_SOURCE;
  if (is_never_sent(&packet->destination)) return MALFORMED;
  return parse_transport(skb, packet, ETHERNET_HEADER + IPV6_HEADER);
}

/* FORWARDED, or why the packet must not be. */
static __always_inline enum reason parse(struct __sk_buff *skb, struct packet *packet) {
  /* A tag is not in the frame any more, and would go along with it unseen. */
  if (skb->vlan_present) return UNSUPPORTED_ETHERTYPE;
  if (skb->protocol == bpf_htons(ETHERTYPE_IPV4)) return parse_ipv4(skb, packet);
  if (feature_ipv6 && skb->protocol == bpf_htons(ETHERTYPE_IPV6)) return parse_ipv6(skb, packet);
  return UNSUPPORTED_ETHERTYPE;
}
