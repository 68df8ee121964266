// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is to become of a packet, wherever it was met. */
#pragma once

#include "fragments.h"
#include "judge.h"
#include "opener.h"
#include "parse.h"
#include "related.h"
#include "resolve.h"
#include "run.h"
#include "steer.h"

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
  if (feature_services && mayBeToService &&
      (!flow || (flow->flags & FLOW_SERVICE) || may_become_service(run, flow, epoch))) {
    reason = resolve_service(run, epoch, flow != 0);
    if (reason) return reason;
    if (run->isTranslated || flow) flow = find_run_flow(run, packet);
  }
  if (feature_proxy && flow && is_abandoned(flow, run)) flow = 0;
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
