// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets on the devices of the node itself: its own, its tunnel, and its uplinks. */
#pragma once

#include "decide.h"
#include "tunnel.h"

static __always_inline int is_tunnel_traffic(const struct packet *packet, const struct side *peer,
                                             const struct plumb_config *config) {
  return feature_tunnel && packet->protocol == UDP && config->tunnelPort &&
         packet->destinationPort == config->tunnelPort && is_remote_node(peer->identity);
}

/* What the host's stack routes to the node's device: packets to services and to other nodes. */
static __always_inline enum reason decide_from_host(struct __sk_buff *skb, struct run *run,
                                                    struct place *destination,
                                                    const struct plumb_config *config) {
  enum reason reason = parse(skb, &run->packet);
  if (reason) return reason;
  identify(&run->packet.source, &run->from);
  if (run->from.identity != IDENTITY_HOST) return SPOOFED_SOURCE;
  return decide(skb, run, destination, config, 1, 0);
}

/* What another node sent; it says who the sender is. */
static __always_inline enum reason decide_from_tunnel(struct __sk_buff *skb, struct run *run,
                                                      struct place *destination,
                                                      const struct plumb_config *config) {
  enum reason reason = parse(skb, &run->packet);
  if (reason) return reason;
  run->from.identity = tunneled_identity(skb);
  if (!run->from.identity) return UNTRUSTED_TUNNEL;
  if (bpf_map_lookup_elem(&plumb_endpoints, &run->packet.source)) return SPOOFED_SOURCE;
  reason = decide(skb, run, destination, config, 0, 0);
  if (reason) return reason;
  /* It goes into no tunnel again. */
  destination->peer = 0;
  return destination->endpoint || run->to.identity == IDENTITY_HOST ? FORWARDED : NO_ENDPOINT;
}

/* What a node's own policy has no say in: neighbors are found, whatever is denied. */
static __always_inline int is_beside_policy(enum reason reason, const struct packet *packet,
                                            const struct plumb_config *config) {
  if (reason == UNSUPPORTED_ETHERTYPE || reason == NEIGHBOR_QUERY) return 1;
  if (reason == UNSUPPORTED_MULTICAST && packet->protocol == ICMPV6) return 1;
  return !config->hostPolicySet;
}

enum uplink { PASS, JUDGED, TO_BACKEND };

/* A reply to a flow from the host to a service, where nothing else is judged. */
static __always_inline enum uplink pass_to_host(struct run *run) {
  struct plumb_flow *flow;

  if (!feature_services || !run->packet.hasFlow || run->packet.fragment) return PASS;
  track(&run->tracking, &run->packet);
  flow = find_flow(&run->tracking, &run->packet);
  if (!flow || !(flow->flags & FLOW_TRANSLATED) || !run->tracking.isReply) return PASS;
  touch_flow(flow, &run->tracking, &run->packet);
  translate_reply(run, flow);
  return PASS;
}

/*
 * What comes from outside: to the host, which its own policies are about, or to a service. The
 * stack takes packets to endpoints to their devices, where they are judged.
 */
static __always_inline enum uplink decide_from_uplink(struct __sk_buff *skb, struct run *run,
                                                      struct place *destination,
                                                      const struct plumb_config *config,
                                                      enum reason *reason) {
  struct packet *packet = &run->packet;

  *reason = parse(skb, packet);
  if (*reason) return is_beside_policy(*reason, packet, config) ? PASS : JUDGED;
  identify(&packet->source, &run->from);
  *destination = find_side(&run->to, &packet->destination, config);
  if (destination->endpoint) return PASS;
  if (feature_services && is_to_service(packet)) {
    run->choice.scope = SCOPE_OUTSIDE;
    *reason = decide(skb, run, destination, config, 1, 0);
    if (!*reason && !destination->endpoint) *reason = NO_BACKEND;
    return TO_BACKEND;
  }
  if (run->to.identity != IDENTITY_HOST) return PASS;
  if (!config->hostPolicySet) return pass_to_host(run);
  if (is_tunnel_traffic(packet, &run->from, config)) return PASS;
  if (run->from.identity == IDENTITY_HOST)
    *reason = SPOOFED_SOURCE;
  else
    *reason = decide(skb, run, destination, config, 0, 1);
  return JUDGED;
}

/* What the host sends. A packet that it forwards in its own name was judged where it came in. */
static __always_inline enum uplink decide_to_uplink(struct __sk_buff *skb, struct run *run,
                                                    struct place *destination,
                                                    const struct plumb_config *config,
                                                    enum reason *reason) {
  struct packet *packet = &run->packet;

  *reason = parse(skb, packet);
  if (*reason) return is_beside_policy(*reason, packet, config) ? PASS : JUDGED;
  if (!config->hostPolicySet) return PASS;
  if (identify(&packet->source, &run->from)) return PASS;
  if (run->from.identity != IDENTITY_HOST) return PASS;
  *destination = find_side(&run->to, &packet->destination, config);
  if (is_tunnel_traffic(packet, &run->to, config)) return PASS;
  if (skb->ingress_ifindex) run->translation.flags = FLOW_FORWARDED;
  *reason = decide(skb, run, destination, config, 0, 1);
  return JUDGED;
}
