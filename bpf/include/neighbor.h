// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Neighbors are permanent, but a program may ask for one all the same, and an endpoint may have
 * flushed its own. Whatever it asks for is behind its device: the answer is the host's side of it.
 */
#pragma once

#include "addr.h"
#include "maps.h"
#include "packet.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETHERNET_ADDRESS 6
#define ARP_REQUEST 1
#define ARP_REPLY 2
/* Router, solicited, override (RFC 4861 section 4.4). */
#define ADVERTISEMENT_FLAGS 0x60000000
#define OPTION_TARGET_LINK_ADDRESS 2

struct arp {
  __be16 hardware;
  __be16 protocol;
  __u8 hardwareSize;
  __u8 protocolSize;
  __be16 operation;
  __u8 senderMac[6];
  __u8 sender[4];
  __u8 targetMac[6];
  __u8 target[4];
};
SIZE_IS(struct arp, 28);

struct neighbor_message {
  __u8 type;
  __u8 code;
  __be16 checksum;
  __be32 flags;
  __be32 target[4];
  __u8 option;
  __u8 optionLength; /* in 8 bytes */
  __u8 mac[6];
} __attribute__((packed, aligned(2)));
SIZE_IS(struct neighbor_message, 32);

static __always_inline int send_back(struct __sk_buff *skb, const struct plumb_endpoint *self) {
  if (bpf_skb_store_bytes(skb, 0, self->mac, ETHERNET_ADDRESS, 0)) return -1;
  return bpf_skb_store_bytes(skb, ETHERNET_ADDRESS, self->hostMac, ETHERNET_ADDRESS, 0);
}

static __always_inline int answer_arp(struct __sk_buff *skb, const struct plumb_device *device) {
  struct arp arp;

  if (bpf_skb_load_bytes(skb, ETHERNET_HEADER, &arp, sizeof(arp))) return -1;
  if (arp.operation != bpf_htons(ARP_REQUEST) || arp.protocol != bpf_htons(ETHERTYPE_IPV4))
    return -1;
  if (__builtin_memcmp(arp.sender, &device->address4.words[3], 4)) return -1;
  if (!__builtin_memcmp(arp.target, arp.sender, 4)) return -1;
  const struct plumb_endpoint *self = bpf_map_lookup_elem(&plumb_endpoints, &device->address4);
  if (!self) return -1;
  __u8 asked[4];
  __builtin_memcpy(asked, arp.target, 4);
  arp.operation = bpf_htons(ARP_REPLY);
  __builtin_memcpy(arp.targetMac, self->mac, ETHERNET_ADDRESS);
  __builtin_memcpy(arp.target, arp.sender, 4);
  __builtin_memcpy(arp.senderMac, self->hostMac, ETHERNET_ADDRESS);
  __builtin_memcpy(arp.sender, asked, 4);
  if (bpf_skb_store_bytes(skb, ETHERNET_HEADER, &arp, sizeof(arp), 0)) return -1;
  return send_back(skb, self);
}

static __always_inline __be16 folded(__u32 sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

static __always_inline int answer_solicitation(struct __sk_buff *skb,
                                               const struct plumb_device *device) {
  struct ipv6_header ip;
  struct neighbor_message message;
  __u32 at = ETHERNET_HEADER + sizeof(ip);

  if (bpf_skb_load_bytes(skb, ETHERNET_HEADER, &ip, sizeof(ip))) return -1;
  if (ip.nextHeader != ICMPV6 || ip.hopLimit != 255) return -1;
  /* A search for duplicates comes from nobody; it must find none. */
  if (__builtin_memcmp(ip.source, device->address6.words, 16)) return -1;
  if (bpf_skb_load_bytes(skb, at, &message, sizeof(message))) return -1;
  if (message.type != NEIGHBOR_SOLICITATION) return -1;
  if (!__builtin_memcmp(message.target, device->address6.words, 16)) return -1;
  const struct plumb_endpoint *self = bpf_map_lookup_elem(&plumb_endpoints, &device->address6);
  if (!self) return -1;
  __builtin_memcpy(ip.destination, ip.source, 16);
  __builtin_memcpy(ip.source, message.target, 16);
  ip.length = bpf_htons(sizeof(message));
  message.type = NEIGHBOR_ADVERTISEMENT;
  message.checksum = 0;
  message.flags = bpf_htonl(ADVERTISEMENT_FLAGS);
  message.option = OPTION_TARGET_LINK_ADDRESS;
  message.optionLength = 1;
  __builtin_memcpy(message.mac, self->hostMac, ETHERNET_ADDRESS);
  __be32 pseudo[2] = {bpf_htonl(sizeof(message)), bpf_htonl(ICMPV6)};
  __s64 sum = bpf_csum_diff(0, 0, ip.source, 32, 0);
  sum = bpf_csum_diff(0, 0, pseudo, sizeof(pseudo), sum);
  sum = bpf_csum_diff(0, 0, (__be32 *)&message, sizeof(message), sum);
  message.checksum = folded(sum);
  if (bpf_skb_change_tail(skb, at + sizeof(message), 0)) return -1;
  if (bpf_skb_store_bytes(skb, ETHERNET_HEADER, &ip, sizeof(ip), 0)) return -1;
  if (bpf_skb_store_bytes(skb, at, &message, sizeof(message), 0)) return -1;
  return send_back(skb, self);
}

/* Turns the query into its answer. Nonzero when there is none. */
__noinline int answer_neighbor(struct __sk_buff *skb) {
  __u32 slot = skb->ifindex - IFINDEX_BASE;
  const struct plumb_device *device = bpf_map_lookup_elem(&plumb_devices, &slot);

  if (!device || !device->identity) return -1;
  if (skb->protocol == bpf_htons(ETHERTYPE_ARP)) return answer_arp(skb, device);
  return feature_ipv6 ? answer_solicitation(skb, device) : -1;
}
