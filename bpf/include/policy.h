// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "features.h"
#include "maps.h"
#include "packet.h"

/* One side of a flow, as far as policy goes. */
struct side {
  __u32 identity;
  __u32 policySet;
  __u32 flags;
  /* It is of this node, and policies that select it are in force here. */
  __u8 hasPolicy;
};

/* One question to a policy, and what was decided by which entries, for events and metrics. */
struct judgement {
  __u32 epoch;
  __u32 policySet;
  __u32 peer; /* identity */
  __u32 version;
  __u32 class;
  __u32 table;
  __be16 port;
  __u8 protocol;
  __u8 direction;
  __u8 reason;
  __u8 audited;
  __u8 lenient; /* what denies is only audited */
  __u8 isDropped;
  /* What the other side said, where both were asked: which rules were met is counted for each. */
  __u32 otherVersion;
  __u32 otherClass;
  __u8 otherReason;
  __u8 otherDirection;
  __u16 pad;
  /* What filters the flow, 0 for nothing; while it is judged, what the side that was asked last
   * says. */
  __u32 listener;
};

#define TABLE_KEY_BITS 64

/* Ways to the proxy and back: one for filters of egress policies, one for those of ingress. */
enum filter { NO_FILTER, EGRESS_FILTER, INGRESS_FILTER };

static __always_inline enum reason check_table(struct judgement *judgement, __u32 table) {
  struct plumb_table_key key = {
      .prefixLength = TABLE_KEY_BITS,
      .table = table,
      .protocol = judgement->protocol,
      .port = judgement->port,
  };
  const struct plumb_verdict *entry = bpf_map_lookup_elem(&plumb_tables, &key);

  if (!entry) return POLICY_DEFAULT_DENY;
  judgement->lenient = entry->flags & ENTRY_AUDIT;
  switch (entry->verdict) {
  case ALLOW:
    return FORWARDED;
  case REDIRECT:
    if (!feature_proxy || !entry->listener) return PROXY_UNAVAILABLE;
    if (judgement->protocol != TCP && judgement->protocol != UDP) return PROXY_UNAVAILABLE;
    judgement->listener = entry->listener;
    return FORWARDED;
  }
  return entry->flags & ENTRY_DEFAULT ? POLICY_DEFAULT_DENY : POLICY_DENIED;
}

/*
 * One direction at one endpoint: what its policy says of a peer and a port. A function of its own,
 * because the verifier then walks through it once, not once for every way that leads here.
 */
__noinline int check(struct judgement *judgement) {
  if (!judgement) return NO_POLICY;
  struct plumb_head_key head = {
      .buffer = judgement->epoch & 1,
      .policySet = judgement->policySet,
  };

  judgement->lenient = 0;
  judgement->listener = 0;
  judgement->version = 0;
  judgement->class = 0;
  judgement->table = 0;
  const __u32 *version = bpf_map_lookup_elem(&plumb_heads, &head);
  if (!version) return NO_POLICY;
  judgement->version = *version;
  if (!judgement->peer) return NO_IDENTITY;
  __u32 peer = judgement->peer;
  const __u32 *class = bpf_map_lookup_elem(&plumb_classes, &peer);
  if (!class) return NO_CLASS;
  judgement->class = *class;
  struct plumb_ref_key ref = {
      .version = *version,
      .direction = judgement->direction,
      .class = *class,
  };
  const __u32 *table = bpf_map_lookup_elem(&plumb_refs, &ref);
  if (!table) {
    ref.class = 0;
    table = bpf_map_lookup_elem(&plumb_refs, &ref);
    if (!table) return NO_POLICY;
  }
  judgement->table = *table;
  return check_table(judgement, *table);
}

static __always_inline enum reason ask(struct judgement *judgement, enum direction direction,
                                       const struct side *subject, const struct side *peer) {
  judgement->direction = direction;
  judgement->policySet = subject->policySet;
  judgement->peer = peer->identity;
  enum reason reason = check(judgement);

  /* What is only audited is not filtered. */
  if (subject->flags & ENDPOINT_AUDIT) judgement->listener = 0;
  if (!reason || !(judgement->lenient || subject->flags & ENDPOINT_AUDIT)) return reason;
  judgement->audited = 1;
  judgement->reason = reason;
  return FORWARDED;
}

static __always_inline void remember_other(struct judgement *judgement,
                                           const struct judgement *other) {
  judgement->otherVersion = other->version;
  judgement->otherClass = other->class;
  judgement->otherReason = other->reason;
  judgement->otherDirection = other->direction;
}

/*
 * Both sides must allow: the opener's egress and the other's ingress. Where both are only audited,
 * the first is told: it would have been the one to drop. `filtered` is the side whose filter the
 * flow has behind it: the opener's comes first.
 */
static __always_inline enum reason judge(struct judgement *judgement, const struct side *opener,
                                         const struct side *other,
                                         const struct plumb_config *config, enum filter filtered) {
  __u32 listener = 0;

  judgement->listener = 0;
  if (opener->hasPolicy) {
    enum reason reason = ask(judgement, EGRESS, opener, other);
    if (reason) return reason;
    if (filtered == NO_FILTER && judgement->listener)
      listener = judgement->listener | LISTENER_EGRESS;
    judgement->listener = listener;
  }
  if (!other->hasPolicy) return FORWARDED;
  if (opener->identity == IDENTITY_HOST && (config->flags & CONFIG_ALLOW_LOCALHOST))
    return FORWARDED;
  if (!opener->hasPolicy) {
    enum reason reason = ask(judgement, INGRESS, other, opener);
    if (filtered == INGRESS_FILTER) judgement->listener = 0;
    return reason;
  }
  struct judgement egress = *judgement;
  judgement->audited = 0;
  judgement->reason = FORWARDED;
  enum reason reason = ask(judgement, INGRESS, other, opener);
  if (listener || filtered == INGRESS_FILTER) judgement->listener = listener;
  if (reason || !egress.audited) {
    remember_other(judgement, &egress);
  } else {
    remember_other(&egress, judgement);
    egress.listener = judgement->listener;
    *judgement = egress;
  }
  return reason;
}
