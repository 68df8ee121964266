// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What user space shares of policies. */
#pragma once

#include "size.h"
#include <linux/bpf.h>

enum direction { INGRESS, EGRESS };

struct plumb_head_key {
  __u32 buffer;
  __u32 policySet;
};
SIZE_IS(struct plumb_head_key, 8);

struct plumb_ref_key {
  __u32 version;
  __u32 direction;
  __u32 class;
};
SIZE_IS(struct plumb_ref_key, 12);

struct plumb_table_key {
  __u32 prefixLength;
  __u32 table;
  __u8 protocol;
  __u8 pad;
  __be16 port;
};
SIZE_IS(struct plumb_table_key, 12);

struct plumb_verdict {
  __u8 verdict;
  __u8 flags;
  __u16 pad;
  __u32 listener;
};
SIZE_IS(struct plumb_verdict, 8);

enum verdict { DENY = 1, ALLOW, REDIRECT };

enum entry_flag {
  /* It denies because no rule allows, not because one denies. */
  ENTRY_DEFAULT = 1,
  /* It denies and is only audited: the packet passes, and is told of. */
  ENTRY_AUDIT = 2,
};
