// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses and ports of a frame, changed along with every checksum that covers them. */
#pragma once

#include "addr.h"
#include "packet.h"
#include <bpf/bpf_helpers.h>
#include <stddef.h>

#define IPV4_CHECKSUM (ETHERNET_HEADER + offsetof(struct ipv4_header, checksum))
#define IPV4_ADDRESSES (ETHERNET_HEADER + offsetof(struct ipv4_header, source))
#define IPV6_ADDRESSES (ETHERNET_HEADER + offsetof(struct ipv6_header, source))

/* Of the checksum in the transport header; 0 where it covers no address and no port is changed. */
static __always_inline __u32 checksum_offset(__u8 protocol) {
  return protocol == TCP ? 16 : protocol == UDP ? 6 : protocol == ICMPV6 ? 2 : 0;
}

static __always_inline __u64 checksum_flags(__u8 protocol) {
  return protocol == UDP ? BPF_F_MARK_MANGLED_0 : 0;
}

/* The difference that the new addresses make is left in `difference`. */
static __always_inline int write_addresses(struct __sk_buff *skb, const struct packet *to,
                                           __s64 *difference) {
  __be32 before[8], after[8];

  if (to->isIPv6) {
    if (bpf_skb_load_bytes(skb, IPV6_ADDRESSES, before, 32)) return -1;
    __builtin_memcpy(after, to->source.words, 16);
    __builtin_memcpy(after + 4, to->destination.words, 16);
    *difference = bpf_csum_diff(before, 32, after, 32, 0);
    return bpf_skb_store_bytes(skb, IPV6_ADDRESSES, after, 32, 0);
  }
  if (bpf_skb_load_bytes(skb, IPV4_ADDRESSES, before, 8)) return -1;
  after[0] = to->source.words[3];
  after[1] = to->destination.words[3];
  *difference = bpf_csum_diff(before, 8, after, 8, 0);
  if (bpf_l3_csum_replace(skb, IPV4_CHECKSUM, 0, *difference, 0)) return -1;
  return bpf_skb_store_bytes(skb, IPV4_ADDRESSES, after, 8, 0);
}

static __always_inline int write_ports(struct __sk_buff *skb, const struct packet *to,
                                       __u32 checksum) {
  __be16 before[2], after[2] = {to->sourcePort, to->destinationPort};
  __u64 flags = checksum_flags(to->protocol) | sizeof(__be16);

  if (bpf_skb_load_bytes(skb, to->transport, before, sizeof(before))) return -1;
  if (checksum) {
    if (bpf_l4_csum_replace(skb, checksum, before[0], after[0], flags)) return -1;
    if (bpf_l4_csum_replace(skb, checksum, before[1], after[1], flags)) return -1;
  }
  return bpf_skb_store_bytes(skb, to->transport, after, sizeof(after), 0);
}

/* Nonzero when the frame could not be made what `to` says; then it must not pass. */
__noinline int rewrite(struct __sk_buff *skb, struct packet *to) {
  __s64 difference = 0;

  if (!to) return -1;
  __u8 protocol = to->protocol;
  __u32 inHeader = checksum_offset(protocol);
  __u32 checksum = inHeader ? to->transport + inHeader : 0;

  if (write_addresses(skb, to, &difference)) return -1;
  if (to->fragment == LATER_FRAGMENT) return 0;
  if (checksum && bpf_l4_csum_replace(skb, checksum, 0, difference,
                                      BPF_F_PSEUDO_HDR | checksum_flags(protocol)))
    return -1;
  if (protocol != TCP && protocol != UDP && protocol != SCTP) return 0;
  return write_ports(skb, to, checksum);
}

/*
 * Inside an ICMP error: the packet that it is about is to look as its sender sent it, to the
 * service. The checksum of the inner transport header stays: nobody looks at that of a cut packet.
 */
__noinline int rewrite_inner(struct __sk_buff *skb, struct packet *packet,
                             struct plumb_addr *address, __u32 port) {
  if (!packet || !address) return -1;
  __u32 inner = packet->transport + ICMP_HEADER;
  __u32 checksum = packet->transport + 2;
  __u32 portAt = packet->innerTransport + sizeof(__be16);
  __be16 oldPort, newPort = port;
  __be32 old[4];

  if (bpf_skb_load_bytes(skb, portAt, &oldPort, sizeof(oldPort))) return -1;
  if (bpf_l4_csum_replace(skb, checksum, oldPort, newPort, sizeof(newPort))) return -1;
  if (bpf_skb_store_bytes(skb, portAt, &newPort, sizeof(newPort), 0)) return -1;
  if (packet->isIPv6) {
    __u32 at = inner + offsetof(struct ipv6_header, destination);
    if (bpf_skb_load_bytes(skb, at, old, 16)) return -1;
    __s64 difference = bpf_csum_diff(old, 16, address->words, 16, 0);
    if (bpf_l4_csum_replace(skb, checksum, 0, difference, 0)) return -1;
    return bpf_skb_store_bytes(skb, at, address->words, 16, 0);
  }
  /* The sum over an IPv4 header with its own checksum in it does not change. */
  __u32 at = inner + offsetof(struct ipv4_header, destination);
  __u32 headerSum = inner + offsetof(struct ipv4_header, checksum);
  if (bpf_skb_load_bytes(skb, at, old, 4)) return -1;
  if (bpf_l3_csum_replace(skb, headerSum, old[0], address->words[3], 4)) return -1;
  return bpf_skb_store_bytes(skb, at, &address->words[3], 4, 0);
}
