// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is to become of a packet, wherever it was met. */
#pragma once

#include "conntrack.h"
#include "features.h"
#include "fragments.h"
#include "identity.h"
#include "packet.h"
#include "parse.h"
#include "policy.h"
#include "proxy.h"
#include "related.h"
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

static __always_inline const struct plumb_config *config_of_node(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&plumb_config, &zero);
}

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

  if (answers(run, packet, INGRESS_FILTER)) return 1;
  if (answers(run, packet, EGRESS_FILTER)) return 1;
  if (answers(run, packet, NO_FILTER)) return 1;
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
  return find_opener(run, packet) ? find_flow(tracking, packet) : flow;
}

/* Judges the flow as its opener would be judged, whichever side sent this packet. */
static __always_inline enum reason judge_flow(struct run *run, const struct packet *packet,
                                              __u32 epoch, const struct plumb_config *config,
                                              enum filter filtered) {
  int isReply = run->tracking.isReply;
  __be16 port = packet->policyPort;

  /* An echo reply is judged as the request that it answers. */
  if (isReply) {
    port = packet->protocol == ICMP     ? bpf_htons(ECHO_REQUEST << 8)
           : packet->protocol == ICMPV6 ? bpf_htons(ECHO_REQUEST_V6 << 8)
                                        : packet->sourcePort;
  }
  run->judgement.epoch = epoch;
  run->judgement.protocol = packet->protocol;
  run->judgement.port = port;
  return judge(&run->judgement, isReply ? &run->to : &run->from, isReply ? &run->from : &run->to,
               config, filtered);
}

/*
 * Sets `proxy` where a packet of a filtered flow goes there. One that has no business where it is,
 * with the filter's own flow or out of another filter, is refused.
 */
__noinline int steer(struct run *run, __u32 flags, __u32 listener) {
  const struct plumb_config *config = config_of_node();

  if (!run || !config) return NO_POLICY;
  int isReply = run->tracking.isReply;
  enum filter ahead = filter_of(listener), behind = filter_behind(flags);
  enum filter from = isReply ? ahead : behind, to = isReply ? behind : ahead;

  if (flags & FLOW_CUT) {
    /* What the other side still says goes to the opener, which knows of no connection any more once
     * the proxy has reset it, and its reset goes back: so that both are free of it. */
    if (isReply && run->sender == NO_FILTER) from = NO_FILTER;
    if (!isReply && run->packet.tcpFlags & TCP_RST) to = NO_FILTER;
  }
  if (run->sender != from) return PROXY_UNAVAILABLE;
  if (to == NO_FILTER) return FORWARDED;
  run->proxy = way_to(to, config);
  run->listener = isReply ? 0 : listener;
  return run->proxy ? FORWARDED : PROXY_UNAVAILABLE;
}

/* Where the packet goes, if its flow is one that is filtered. */
static __always_inline enum reason steer_by(struct run *run, __u8 flags, __u32 listener) {
  if (!feature_proxy) return FORWARDED;
  if (!listener && !(flags & FLOW_FROM_FILTER) && run->sender == NO_FILTER) return FORWARDED;
  return steer(run, flags, listener);
}

/*
 * The flow to a service that the packet opens or is of; then the packet becomes one to a back-end.
 * A function of its own, like all that only some packets need: the verifier walks through it once.
 */
__noinline int resolve_service(struct run *run, __u32 epoch, int isKnown) {
  if (!run) return NO_SERVICE;
  struct choice *choice = &run->choice;
  struct plumb_flow *flow = isKnown ? find_flow(&run->tracking, &run->packet) : 0;

  if (flow) {
    choice->address = flow->natAddress;
    choice->port = flow->natPort;
    choice->isFound = 1;
  }
  if (!flow || flow->epoch != epoch) {
    enum reason reason = choose_backend(&run->packet, choice);
    if (reason) return reason;
  }
  if (!choice->isFound) return FORWARDED;
  if (flow && !choice->isNew) {
    flow->epoch = epoch;
    touch_flow(flow, &run->tracking, &run->packet);
  }
  address_backend(&run->packet, choice, &run->translation);
  run->isTranslated = 1;
  __builtin_memset(&run->tracking, 0, sizeof(run->tracking));
  track(&run->tracking, &run->packet);
  return FORWARDED;
}

/* Remembers the flow to the service itself, so that it keeps its back-end. */
__noinline int open_service_flow(struct packet *packet, struct translation *service,
                                 struct choice *choice, __u32 epoch) {
  if (!packet || !service || !choice) return -1;
  struct packet asSeen = *packet;
  struct tracking tracking = {};
  struct translation back = {
      .address = choice->address, .port = choice->port, .flags = FLOW_SERVICE};

  if (service->flags & FLOW_HAIRPIN) asSeen.source = packet->destination;
  asSeen.destination = service->address;
  asSeen.destinationPort = service->port;
  track(&tracking, &asSeen);
  return open_flow(&tracking, &asSeen, epoch, 0, &back);
}

static __always_inline void translate_reply(struct run *run, const struct plumb_flow *flow) {
  if (!feature_services || !(flow->flags & FLOW_TRANSLATED) || !run->tracking.isReply) return;
  answer_as_service(&run->packet, flow);
  run->isTranslated = 1;
  run->isHairpin = (flow->flags & FLOW_HAIRPIN) != 0;
}

/*
 * An ICMP error about a known flow goes where the flow's packets may go. A router on the way may
 * have sent it: what counts is whose flow it is.
 */
__noinline int decide_related(struct run *run, __u32 epoch, int isFromKnown) {
  const struct plumb_config *config = config_of_node();
  struct plumb_flow *flow;

  if (!run || !config) return NO_POLICY;
  flow = find_flow(&run->tracking, &run->related);
  if (!flow) return POLICY_DEFAULT_DENY;
  if (!isFromKnown) identify(&run->related.source, &run->from);
  if (flow->epoch != epoch) {
    enum reason reason = judge_flow(run, &run->related, epoch, config, filter_behind(flow->flags));
    if (reason) return reason;
  }
  enum reason steered = steer_by(run, flow->flags, flow->listener);
  if (steered) return steered;
  if (!feature_services || !(flow->flags & (FLOW_TRANSLATED | FLOW_SERVICE))) return FORWARDED;
  /* What the opener says about a reply that it did not want is not put together again. */
  if (!run->tracking.isReply || flow->flags != FLOW_TRANSLATED) return NO_SERVICE;
  run->inner.address = flow->natAddress;
  run->inner.port = flow->natPort;
  run->isInnerTranslated = 1;
  if (same_addr(&run->packet.source, &run->related.source)) {
    run->packet.source = flow->natAddress;
    run->isTranslated = 1;
  }
  return FORWARDED;
}

/* Judges a packet whose flow is new, or older than the last change. */
__noinline int decide_anew(struct run *run, __u32 epoch, int isKnown) {
  const struct plumb_config *config = config_of_node();

  if (!run || !config) return NO_POLICY;
  struct packet *packet = &run->packet;
  struct translation *translation = &run->translation;
  struct plumb_flow *flow = isKnown ? find_flow(&run->tracking, packet) : 0;
  __u8 flags = translation->flags | (flow ? flow->flags : 0);
  int isLoopback = same_addr(&packet->source, &packet->destination) || (flags & FLOW_HAIRPIN);

  /* An endpoint to itself is nobody's business. */
  if (isLoopback && !flags) return FORWARDED;
  if (!isLoopback && !(flags & FLOW_FORWARDED)) {
    enum filter filtered = flow ? filter_behind(flow->flags) : run->sender;
    enum reason reason = judge_flow(run, packet, epoch, config, filtered);
    if (reason) {
      if (flow && !bpf_map_delete_elem(&plumb_conntrack, &run->tracking.tuple))
        count_one(FLOWS_REMOVED);
      return reason;
    }
  }
  if (!packet->hasFlow) return FORWARDED;
  if (flow && !translation->flags) {
    translation->address = flow->natAddress;
    translation->port = flow->natPort;
    translation->flags = flow->flags;
  }
  if (feature_proxy) {
    __u32 listener = listener_after(flow, run->judgement.listener, config);
    if (!flow) translation->flags |= flag_behind(run->sender);
    if (flow && !flow->listener && listener && packet->protocol == TCP)
      translation->flags |= FLOW_CUT;
    translation->listener = listener;
    run->judgement.listener = listener;
    enum reason reason = steer_by(run, translation->flags, listener);
    if (reason) return reason;
  }
  if (run->choice.isNew && open_service_flow(packet, translation, &run->choice, epoch))
    return CONNTRACK_FULL;
  if (open_flow(&run->tracking, packet, epoch, flow ? flow->state : 0, translation))
    return CONNTRACK_FULL;
  if (flow) translate_reply(run, flow);
  return FORWARDED;
}

/*
 * FORWARDED, or why the packet is dropped. The packet is parsed, `from` is filled in, and `to`
 * where `isToKnown` says so; else `destination` is. `mayBeToService`: services are looked at.
 */
static __always_inline enum reason decide(struct __sk_buff *skb, struct run *run,
                                          struct place *destination,
                                          const struct plumb_config *config, int mayBeToService,
                                          int isToKnown) {
  __u32 epoch = *(volatile const __u32 *)&config->epoch;
  struct packet *packet = &run->packet;
  struct plumb_flow *flow = 0;
  enum reason reason = FORWARDED;

  if (packet->fragment) {
    reason = follow_first_fragment(packet);
    if (reason) return reason;
  }
  if (packet->isError && parse_related(skb, packet, &run->related)) {
    track(&run->tracking, &run->related);
    if (find_run_flow(run, &run->related)) {
      if (!isToKnown) *destination = find_side(&run->to, &packet->destination, config);
      return decide_related(run, epoch, !isToKnown);
    }
  }
  if (packet->hasFlow) {
    track(&run->tracking, packet);
    flow = find_run_flow(run, packet);
  }
  /* Only the datapath itself may answer for a service. */
  if (flow && (flow->flags & FLOW_SERVICE) && (!mayBeToService || run->tracking.isReply))
    return NO_SERVICE;
  if (feature_services && mayBeToService && (!flow || (flow->flags & FLOW_SERVICE))) {
    reason = resolve_service(run, epoch, flow != 0);
    if (reason) return reason;
    if (run->isTranslated) flow = find_run_flow(run, packet);
  }
  if (!isToKnown) *destination = find_side(&run->to, &packet->destination, config);
  if (flow && flow->epoch == epoch && !run->choice.isNew) {
    touch_flow(flow, &run->tracking, packet);
    reason = steer_by(run, flow->flags, flow->listener);
    translate_reply(run, flow);
  } else {
    reason = decide_anew(run, epoch, flow != 0);
  }
  if (feature_services && run->isHairpin)
    *destination = find_side(&run->to, &packet->destination, config);
  return reason;
}
