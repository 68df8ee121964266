// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether the packet of a flow goes to the proxy. */
#pragma once

#include "proxy.h"
#include "run.h"

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
