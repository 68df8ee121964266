// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets that the policy is asked about: of new flows, and of flows older than the last change. */
#pragma once

#include "opener.h"
#include "resolve.h"
#include "steer.h"

/* Judges the flow as its opener would be judged, whichever side sent this packet. */
static __always_inline enum reason judge_flow(struct run *run, const struct packet *packet,
                                              __u32 epoch, const struct plumb_config *config,
                                              enum filter filtered) {
  int isReply = run->tracking.isReply;
  __be16 port = packet->policyPort;

  /* An echo reply is judged as the request that it answers. */
  if (isReply) {
    port = packet->protocol == ICMP     ? port ^ bpf_htons(ECHO_OTHER_WAY << 8)
           : packet->protocol == ICMPV6 ? port ^ bpf_htons(ECHO_OTHER_WAY_V6 << 8)
                                        : packet->sourcePort;
  }
  run->judgement.epoch = epoch;
  run->judgement.protocol = packet->protocol;
  run->judgement.port = port;
  return judge(&run->judgement, isReply ? &run->to : &run->from, isReply ? &run->from : &run->to,
               config, filtered);
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

/* The proxy ends the connection with who opened it. */
static __always_inline int is_reset_by_proxy(const struct run *run, const struct plumb_flow *flow) {
  return run->packet.protocol == TCP && run->packet.tcpFlags & TCP_RST && run->tracking.isReply &&
         flow->listener && run->sender == filter_of(flow->listener);
}

/*
 * Where filtered traffic may not pass at all any more, whoever has a connection of it is told: the
 * proxy has ended it, and says nothing else. Counted as a packet of a flow that is known.
 */
static __always_inline enum reason pass_reset(struct run *run, const struct plumb_flow *flow) {
  struct judgement none = {.direction = run->judgement.direction};
  enum reason reason = steer_by(run, flow->flags, flow->listener);

  if (reason) return reason;
  run->judgement = none;
  translate_reply(run, flow);
  forget_flow(&run->tracking);
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
      if (feature_proxy && flow && is_reset_by_proxy(run, flow)) return pass_reset(run, flow);
      /* The proxy still has to tell its client. */
      if (flow && !flow->listener) forget_flow(&run->tracking);
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
    __u32 listener = listener_after(flow, packet, run->judgement.listener, config);
    if (!flow) translation->flags |= flag_behind(run->sender);
    if (flow && !flow->listener && listener && packet->protocol == TCP)
      translation->flags |= FLOW_CUT;
    /* Fail here, where it is told, not in the proxy's namespace. */
    if (listener && !run->tracking.isReply && !port_of(listener, packet->protocol))
      return PROXY_UNAVAILABLE;
    translation->listener = listener;
    run->judgement.listener = listener;
    enum reason reason = steer_by(run, translation->flags, listener);
    if (reason) return reason;
    if (is_opening(packet)) supersede(run, listener);
  }
  if (run->choice.isNew && open_service_flow(packet, translation, &run->choice, epoch))
    return CONNTRACK_FULL;
  if (open_flow(&run->tracking, packet, epoch, flow ? flow->state : 0, translation))
    return CONNTRACK_FULL;
  if (flow) translate_reply(run, flow);
  return FORWARDED;
}
