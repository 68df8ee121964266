// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How a packet that may pass goes on, in two steps: all that can fail is done before it is
 * reported, so that what fails is told as the drop that it is; then it is sent.
 */
#pragma once

#include "actions.h"
#include "redirect.h"
#include "rewrite.h"
#include "run.h"
#include "tunnel.h"

static __always_inline int write_translation(struct __sk_buff *skb, struct run *run) {
  if (!feature_services && !feature_proxy) return 0;
  if (feature_services && run->isInnerTranslated &&
      rewrite_inner(skb, &run->packet, &run->inner.address, run->inner.port))
    return -1;
  return run->isTranslated ? rewrite(skb, &run->packet) : 0;
}

static __always_inline int set_macs(struct __sk_buff *skb, const struct plumb_endpoint *endpoint) {
  if (bpf_skb_store_bytes(skb, 0, endpoint->mac, 6, 0)) return -1;
  return bpf_skb_store_bytes(skb, 6, endpoint->hostMac, 6, 0);
}

static __always_inline int is_tunneled(const struct place *destination) {
  const struct plumb_peer *peer = destination->peer;

  return feature_tunnel && peer && (peer->tunnel.words[0] | peer->tunnel.words[3]);
}

/* Makes the frame what it is to leave as: to the proxy, to the endpoint, or behind the tunnel. */
static __always_inline enum reason prepare(struct __sk_buff *skb, struct run *run,
                                           const struct place *destination,
                                           const struct plumb_config *config) {
  if (write_translation(skb, run)) return REWRITE_FAILED;
  if (feature_proxy && run->proxy) return prepare_for_proxy(skb, run);
  if (destination->endpoint)
    return set_macs(skb, destination->endpoint) ? REWRITE_FAILED : FORWARDED;
  if (!is_tunneled(destination)) return FORWARDED;
  /* The sender's identity goes along. */
  return config->tunnelDevice && !encapsulate(skb, &destination->peer->tunnel, run->from.identity)
             ? FORWARDED
             : TUNNEL_FAILED;
}

/*
 * From a device's ingress, where it was prepared to go; `otherwise` if that is nowhere. Straight
 * into the endpoint's namespace: no route, no neighbor, no queue of the host's. The TTL stays, as
 * on one link: such a packet runs no second time, so it cannot go round.
 */
static __always_inline int deliver(const struct run *run, const struct place *destination,
                                   const struct plumb_config *config, int otherwise) {
  if (feature_proxy && run->proxy) return deliver_to_proxy(run, config);
  if (destination->endpoint) return bpf_redirect_peer(destination->endpoint->device, 0);
  if (is_tunneled(destination)) return bpf_redirect(config->tunnelDevice, 0);
  return otherwise;
}
