// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The headers between that of IPv6 and the transport's (RFC 8200). */
#pragma once

#include "packet.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* More than RFC 8200 section 4.1 knows an order for is nothing that anybody sends in earnest. */
#define MAX_EXTENSIONS 4

/* Only options and fragments can be passed over: what the others do to a packet is not judged. */
static __always_inline int is_extension(__u8 header) {
  switch (header) {
  case HOP_BY_HOP:
  case ROUTING:
  case IPV6_FRAGMENT:
  case ESP:
  case AUTHENTICATION:
  case DESTINATION_OPTIONS:
  case MOBILITY:
  case HIP:
  case SHIM6:
    return 1;
  }
  return 0;
}

static __always_inline enum reason read_fragment(struct packet *packet,
                                                 const struct ipv6_extension *head) {
  __u16 bits = bpf_ntohs(head->fragment);
  __u16 offset = bits & IPV6_FRAGMENT_OFFSET;

  /* Later fragments could not be told to be of the same packet. */
  if (is_extension(head->nextHeader)) return EXTENSION_HEADER;
  packet->protocol = head->nextHeader;
  packet->fragmentId = head->id;
  packet->transport += sizeof(*head);
  if (offset)
    packet->fragment = LATER_FRAGMENT;
  else if (bits & IPV6_MORE_FRAGMENTS)
    packet->fragment = FIRST_FRAGMENT;
  if (offset == 8 && packet->protocol == TCP) return MALFORMED;
  return FORWARDED;
}

/* Moves on to the transport header, or says why the packet must not go on. */
static __always_inline enum reason skip_extensions(struct __sk_buff *skb, struct packet *packet) {
  struct ipv6_extension head;

  for (int i = 0; i < MAX_EXTENSIONS; i++) {
    __u8 header = packet->protocol;

    if (!is_extension(header)) return FORWARDED;
    if (bpf_skb_load_bytes(skb, packet->transport, &head, sizeof(head))) return MALFORMED;
    if (header == IPV6_FRAGMENT) return read_fragment(packet, &head);
    if (header != DESTINATION_OPTIONS && (header != HOP_BY_HOP || i)) return EXTENSION_HEADER;
    packet->transport += (head.length + 1) * sizeof(head);
    packet->protocol = head.nextHeader;
  }
  return EXTENSION_HEADER;
}
