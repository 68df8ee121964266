// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "maps.h"
#include "packet.h"

/* One side of a flow, as far as policy goes. */
struct side {
  __u32 identity;
  __u32 policySet;
  __u32 flags;
  __u8 isLocal;
};

/* What was decided and by which entries, for events and metrics. */
struct judgement {
  __u32 policySet;
  __u32 version;
  __u32 class;
  __u32 table;
  __u8 reason;
  __u8 direction;
  __u8 audited;
};

#define TABLE_KEY_BITS 64

static __always_inline enum reason check_table(struct judgement *judgement, __u8 protocol,
                                               __be16 port) {
  struct plumb_table_key key = {
      .prefixLength = TABLE_KEY_BITS,
      .table = judgement->table,
      .protocol = protocol,
      .port = port,
  };
  const struct plumb_verdict *entry = bpf_map_lookup_elem(&plumb_tables, &key);

  if (!entry) return POLICY_DEFAULT_DENY;
  switch (entry->verdict) {
  case ALLOW:
    return FORWARDED;
  case REDIRECT:
    /* No proxy is known here yet, and nothing passes unfiltered. */
    return PROXY_UNAVAILABLE;
  }
  return entry->flags & ENTRY_DEFAULT ? POLICY_DEFAULT_DENY : POLICY_DENIED;
}

/* One direction at one endpoint: what its policy says of a peer and a port. */
static __always_inline enum reason check(struct judgement *judgement, enum direction direction,
                                         __u32 policySet, __u32 peer, __u8 protocol, __be16 port,
                                         __u32 epoch) {
  struct plumb_head_key head = {.buffer = epoch & 1, .policySet = policySet};
  struct plumb_ref_key ref = {.direction = direction};

  judgement->direction = direction;
  judgement->policySet = policySet;
  judgement->version = 0;
  judgement->class = 0;
  judgement->table = 0;
  const __u32 *version = bpf_map_lookup_elem(&plumb_heads, &head);
  if (!version) return NO_POLICY;
  judgement->version = *version;
  if (!peer) return NO_IDENTITY;
  const __u32 *class = bpf_map_lookup_elem(&plumb_classes, &peer);
  if (!class) return NO_CLASS;
  judgement->class = *class;
  ref.version = *version;
  ref.class = *class;
  const __u32 *table = bpf_map_lookup_elem(&plumb_refs, &ref);
  if (!table) {
    ref.class = 0;
    table = bpf_map_lookup_elem(&plumb_refs, &ref);
    if (!table) return NO_POLICY;
  }
  judgement->table = *table;
  return check_table(judgement, protocol, port);
}

/* Both sides must allow: the opener's egress and the other's ingress. */
static __always_inline enum reason judge(struct judgement *judgement, const struct side *opener,
                                         const struct side *other, __u8 protocol, __be16 port,
                                         const struct plumb_config *config, __u32 epoch) {
  enum reason reason = FORWARDED;

  if (opener->isLocal) {
    reason = check(judgement, EGRESS, opener->policySet, other->identity, protocol, port, epoch);
    if (reason && !(opener->flags & ENDPOINT_AUDIT)) return reason;
    judgement->audited |= reason != FORWARDED;
    judgement->reason = reason;
  }
  if (!other->isLocal) return FORWARDED;
  if (!opener->isLocal && opener->identity == IDENTITY_HOST &&
      (config->flags & CONFIG_ALLOW_LOCALHOST))
    return FORWARDED;
  reason = check(judgement, INGRESS, other->policySet, opener->identity, protocol, port, epoch);
  if (!reason) return FORWARDED;
  if (!(other->flags & ENDPOINT_AUDIT)) return reason;
  judgement->audited = 1;
  judgement->reason = reason;
  return FORWARDED;
}
