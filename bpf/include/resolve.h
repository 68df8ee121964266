// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets to services become packets to back-ends, and replies those of services. */
#pragma once

#include "run.h"

/* A flow that is older than the last change may be to what has become a service since. A connection
 * that stands is nobody's but its two ends'. */
static __always_inline int may_become_service(const struct run *run, const struct plumb_flow *flow,
                                              __u32 epoch) {
  if (flow->epoch == epoch || flow->flags & FLOW_TRANSLATED || run->tracking.isReply) return 0;
  return run->packet.protocol != TCP || is_opening(&run->packet);
}

/*
 * The flow to a service that the packet opens or is of; then the packet becomes one to a back-end.
 * A function of its own, like all that only some packets need: the verifier walks through it once.
 */
__noinline int resolve_service(struct run *run, __u32 epoch, int isKnown) {
  if (!run) return NO_SERVICE;
  struct choice *choice = &run->choice;
  struct plumb_flow *flow = isKnown ? find_flow(&run->tracking, &run->packet) : 0;

  if (flow && !(flow->flags & FLOW_SERVICE)) flow = 0;
  if (flow) {
    choice->address = flow->natAddress;
    choice->port = flow->natPort;
    choice->isFound = 1;
  }
  if (!flow || flow->epoch != epoch) {
    enum reason reason = choose_backend(&run->packet, choice);
    if (reason) return reason;
  }
  if (!choice->isFound) {
    /* The service is gone, and the flow to it. */
    if (flow) forget_flow(&run->tracking);
    return FORWARDED;
  }
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
