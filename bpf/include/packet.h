// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "addr.h"
#include "reasons.h"

enum fragment { WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT };

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
  /* An ICMP error: it carries the start of the packet that it is about. */
  __u8 isError;
  __u8 fragment;
  __be32 fragmentId;
  /* Of the transport header, from the start of the frame. */
  __u16 transport;
  /* Of the transport header inside an ICMP error; 0 if there is none that is known. */
  __u16 innerTransport;
};

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IPV6 0x86dd
#define ETHERNET_HEADER 14
#define IPV6_HEADER 40
#define ICMP_HEADER 8

#define ECHO_REPLY 0
#define ECHO_REQUEST 8
#define ECHO_REQUEST_V6 128
#define ECHO_REPLY_V6 129
#define NEIGHBOR_SOLICITATION 135
#define NEIGHBOR_ADVERTISEMENT 136

/* From the type of an echo request to that of its reply, and back. */
#define ECHO_OTHER_WAY 8
#define ECHO_OTHER_WAY_V6 1

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

/* Hop-by-hop and destination options, and the fragment header. */
struct ipv6_extension {
  __u8 nextHeader;
  __u8 length; /* in 8 bytes, without the first 8 */
  __be16 fragment;
  __be32 id;
};
SIZE_IS(struct ipv6_extension, 8);

/* The first bytes of any transport header. */
struct transport_head {
  __be16 source;
  __be16 destination;
  __u8 rest[10];
};
SIZE_IS(struct transport_head, 14);

/* IPv4: more fragments follow; offset in 8 bytes. */
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
/* IPv6, the same. */
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8
