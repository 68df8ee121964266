// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses of both families in one form. */
#pragma once

#include "size.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* IPv4 is mapped (::ffff:a.b.c.d), so that there is one path for both families. */
struct plumb_addr {
  union {
    __u8 bytes[16];
    __be32 words[4];
  };
} __attribute__((aligned(4)));
SIZE_IS(struct plumb_addr, 16);

static __always_inline void map_ipv4(struct plumb_addr *to, __be32 address) {
  to->words[0] = 0;
  to->words[1] = 0;
  to->words[2] = bpf_htonl(0xffff);
  to->words[3] = address;
}

static __always_inline int same_addr(const struct plumb_addr *a, const struct plumb_addr *b) {
  return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->words[2] == b->words[2] &&
         a->words[3] == b->words[3];
}

/* ::/64 has the unspecified address, loopback and the IPv4-mapped ones: none is ever on a wire. */
static __always_inline int is_never_sent(const struct plumb_addr *address) {
  return address->words[0] == 0 && address->words[1] == 0;
}
