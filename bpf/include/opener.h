// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The flow that a packet is of: its sender's, or one that it answers. */
#pragma once

#include "proxy.h"
#include "run.h"

/* Whether the packet answers a flow of that opener, one whose next filter the sender is. */
__noinline int answers(struct run *run, struct packet *packet, __u32 opener) {
  if (!run || !packet || run->sender == opener) return 0;
  run->tracking.tuple.opener = opener;
  struct plumb_flow *flow = find_flow(&run->tracking, packet);
  return flow && run->tracking.isReply && filter_of(flow->listener) == run->sender;
}

/*
 * A client and the proxy in its name may use the same ports: what is no packet of a flow that its
 * sender opened answers another one.
 */
__noinline int find_opener(struct run *run, struct packet *packet) {
  if (!run || !packet) return 0;
  __u8 isReply = run->tracking.isReply;

  /* There is one at most: see supersede. The first is the most frequent. */
  if (answers(run, packet, NO_FILTER)) return 1;
  if (answers(run, packet, INGRESS_FILTER)) return 1;
  if (answers(run, packet, EGRESS_FILTER)) return 1;
  run->tracking.tuple.opener = run->sender;
  run->tracking.isReply = isReply;
  return 0;
}

/* The flow of a packet that is tracked. */
static __always_inline struct plumb_flow *find_run_flow(struct run *run, struct packet *packet) {
  struct tracking *tracking = &run->tracking;

  tracking->tuple.opener = run->sender;
  struct plumb_flow *flow = find_flow(tracking, packet);
  if (!feature_proxy) return flow;
  if (flow && (!tracking->isReply || filter_of(flow->listener) == run->sender)) return flow;
  /* What opens a flow answers none. */
  if (is_opening(packet)) return flow;
  return find_opener(run, packet) ? find_flow(tracking, packet) : flow;
}

/*
 * A new connection between ports that another opener's had, on the same way on: whoever is there
 * knows one connection between two ports, and answers the new one. The kernel gives both of the
 * proxy's sides one port, as they are bound to different devices.
 */
__noinline int supersede(struct run *run, __u32 listener) {
  if (!run) return 0;
  struct tracking *tracking = &run->tracking;
  __u8 own = tracking->tuple.opener;

#pragma unroll
  for (__u8 opener = NO_FILTER; opener <= INGRESS_FILTER; opener++) {
    if (opener == own) continue;
    tracking->tuple.opener = opener;
    struct plumb_flow *flow = bpf_map_lookup_elem(&plumb_conntrack, &tracking->tuple);
    if (!flow || flow->fromB != tracking->sourceIsB) continue;
    if (filter_of(flow->listener) != filter_of(listener)) continue;
    forget_flow(tracking);
  }
  tracking->tuple.opener = own;
  return 0;
}
