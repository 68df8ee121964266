// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is known of a packet, and the memory for it. */
#pragma once

#include "conntrack.h"
#include "identity.h"
#include "packet.h"
#include "policy.h"
#include "service.h"

/*
 * All that is known of a packet while it is judged. One for each CPU, because a program's stack is
 * small; a program is not interrupted by another one of the node.
 */
struct run {
  /* After a decision with the addresses and ports that it is to leave with. */
  struct packet packet;
  struct tracking tracking;
  struct judgement judgement;
  struct side from;
  struct side to;
  /* Addresses or ports differ from those in the frame. */
  __u8 isTranslated;
  /* The reply goes back to where it came from. */
  __u8 isHairpin;
  /* An ICMP error to the opener of a flow to a service: what it is about was translated. */
  __u8 isInnerTranslated;
  struct translation inner;
  /* For ICMP errors: a packet of the flow that they are about. */
  struct packet related;
  struct translation translation;
  struct choice choice;
  /* The filter that the packet comes out of: the proxy sent it. */
  enum filter sender;
  /* Where the packet goes to the proxy: ifindex. */
  __u32 proxy;
  /* The listener that it opens, or goes on with; 0 for what a server answers the proxy. */
  __u32 listener;
  /* What became of the packet. */
  enum reason outcome;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct run);
} scratch SEC(".maps");

/* An empty one, or none, which cannot be. */
static __always_inline struct run *new_run(enum direction direction) {
  __u32 zero = 0;
  struct run *run = bpf_map_lookup_elem(&scratch, &zero);

  if (!run) return 0;
  __builtin_memset(run, 0, sizeof(*run));
  run->judgement.direction = direction;
  return run;
}

/* The same reason, of which the verifier knows nothing: it walks through what follows once, not
 * once for every reason there is. */
static __always_inline enum reason settle(struct run *run, enum reason reason) {
  volatile enum reason *outcome = &run->outcome;

  *outcome = reason;
  return *outcome;
}

static __always_inline const struct plumb_config *config_of_node(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&plumb_config, &zero);
}
