// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs of a node. from_endpoint is on ingress of every endpoint's host-side device (what
 * the endpoint sends), to_endpoint on its egress (what the host's stack sends to it); one shared tc
 * block has each. The others are on the few devices of the node itself.
 */
#include "include/btf.h"
#include "include/decide.h"
#include "include/deliver.h"
#include "include/device.h"
#include "include/neighbor.h"
#include "include/listen.h"
#include "include/original.h"
#include "include/node.h"
#include "include/report.h"
#include "include/route.h"

static __always_inline int is_own(const struct plumb_device *device, const struct packet *packet,
                                  const struct plumb_addr *address) {
  return same_addr(address, packet->isIPv6 ? &device->address6 : &device->address4);
}

/* What an endpoint sends is from its own address. */
static __always_inline enum reason decide_from_endpoint(struct __sk_buff *skb, struct run *run,
                                                        struct place *destination,
                                                        const struct plumb_config *config) {
  const struct plumb_device *device = device_of(skb);
  if (!device) return NO_DEVICE;
  local_side(&run->from, device);
  enum reason reason = parse(skb, &run->packet);
  if (reason) return reason;
  if (!is_own(device, &run->packet, &run->packet.source)) return SPOOFED_SOURCE;
  if (!config) return NO_POLICY;
  return decide(skb, run, destination, config, 1, 0);
}

SEC("tc")
int from_endpoint(struct __sk_buff *skb) {
  struct run *run = new_run(EGRESS);
  const struct plumb_config *config = config_of_node();
  struct place destination = {};

  if (!run) return TC_ACT_SHOT;
  enum reason reason = decide_from_endpoint(skb, run, &destination, config);
  if (reason == NEIGHBOR_QUERY && !answer_neighbor(skb)) return bpf_redirect_peer(skb->ifindex, 0);
  if (!reason && config) reason = prepare(skb, run, &destination, config);
  reason = settle(run, reason);
  report(skb, run, FROM_ENDPOINT, reason);
  if (reason || !config) return TC_ACT_SHOT;
  return deliver(run, &destination, config, TC_ACT_OK);
}

/* What comes to an endpoint is to its own address, and not from an endpoint of this node: those are
 * delivered without the stack. */
static __always_inline enum reason decide_to_endpoint(struct __sk_buff *skb, struct run *run,
                                                      const struct plumb_config *config) {
  const struct plumb_device *device = device_of(skb);
  if (!device) return NO_DEVICE;
  local_side(&run->to, device);
  enum reason reason = parse(skb, &run->packet);
  if (reason) return reason;
  if (is_own(device, &run->packet, &run->packet.source)) return SPOOFED_SOURCE;
  if (!is_own(device, &run->packet, &run->packet.destination)) return NO_ENDPOINT;
  if (!config) return NO_POLICY;
  if (identify(&run->packet.source, &run->from)) return SPOOFED_SOURCE;
  struct place destination = {};
  return decide(skb, run, &destination, config, 0, 1);
}

SEC("tc")
int to_endpoint(struct __sk_buff *skb) {
  struct run *run = new_run(INGRESS);
  const struct plumb_config *config = config_of_node();

  if (!run) return TC_ACT_SHOT;
  struct place stack = {};
  enum reason reason = decide_to_endpoint(skb, run, config);
  if (!reason && config) reason = prepare(skb, run, &stack, config);
  reason = settle(run, reason);
  report(skb, run, TO_ENDPOINT, reason);
  if (reason || !config) return TC_ACT_SHOT;
  return feature_proxy && run->proxy ? send_to_proxy(run, config) : TC_ACT_OK;
}

/* On egress of the node's own device. */
SEC("tc")
int from_host(struct __sk_buff *skb) {
  struct run *run = new_run(EGRESS);
  const struct plumb_config *config = config_of_node();
  struct place destination = {};
  __u32 routed = 0;

  if (!run || !config) return TC_ACT_SHOT;
  enum reason reason = decide_from_host(skb, run, &destination, config);
  int isRouted = !run->proxy && !destination.endpoint && !is_tunneled(&destination);
  if (!reason) reason = prepare(skb, run, &destination, config);
  if (!reason && isRouted) reason = find_route(skb, &run->packet, &routed);
  reason = settle(run, reason);
  report(skb, run, FROM_HOST, reason);
  if (reason) return TC_ACT_SHOT;
  if (feature_proxy && run->proxy) return send_to_proxy(run, config);
  if (destination.endpoint) return bpf_redirect(destination.endpoint->device, 0);
  if (is_tunneled(&destination)) return bpf_redirect(config->tunnelDevice, 0);
  return bpf_redirect_neigh(routed, 0, 0, 0);
}

/* On ingress of the tunnel's device. */
SEC("tc")
int from_tunnel(struct __sk_buff *skb) {
  struct run *run = new_run(INGRESS);
  const struct plumb_config *config = config_of_node();
  struct place destination = {};

  if (!run || !config) return TC_ACT_SHOT;
  enum reason reason = UNTRUSTED_TUNNEL;
  if (feature_tunnel) reason = decide_from_tunnel(skb, run, &destination, config);
  if (!reason) reason = prepare(skb, run, &destination, config);
  if (!reason && bpf_skb_change_type(skb, PACKET_HOST)) reason = TUNNEL_FAILED;
  reason = settle(run, reason);
  report(skb, run, FROM_TUNNEL, reason);
  return reason ? TC_ACT_SHOT : deliver(run, &destination, config, TC_ACT_OK);
}

/* On ingress of a device that leads out of the node. */
SEC("tc")
int from_uplink(struct __sk_buff *skb) {
  struct run *run = new_run(INGRESS);
  const struct plumb_config *config = config_of_node();
  struct place destination = {};
  enum reason reason = FORWARDED;

  if (!run || !config) return TC_ACT_SHOT;
  enum uplink uplink = decide_from_uplink(skb, run, &destination, config, &reason);
  if (uplink == PASS) reason = FORWARDED;
  /* The rest is the stack's to deliver. */
  if (uplink != TO_BACKEND) destination.endpoint = 0;
  destination.peer = 0;
  if (!reason) reason = prepare(skb, run, &destination, config);
  reason = settle(run, reason);
  if (uplink != PASS || reason) report(skb, run, FROM_UPLINK, reason);
  return reason ? TC_ACT_SHOT : deliver(run, &destination, config, TCX_NEXT);
}

/* On its egress. */
SEC("tc")
int to_uplink(struct __sk_buff *skb) {
  struct run *run = new_run(EGRESS);
  const struct plumb_config *config = config_of_node();
  struct place destination = {};
  enum reason reason = FORWARDED;

  if (!run || !config) return TC_ACT_SHOT;
  enum uplink uplink = decide_to_uplink(skb, run, &destination, config, &reason);
  if (uplink == PASS) return TCX_NEXT;
  reason = settle(run, reason);
  report(skb, run, TO_UPLINK, reason);
  return reason ? TC_ACT_SHOT : TCX_NEXT;
}

/* What the proxy sends, to either side of what it filters: it speaks in the other side's name. */
static __always_inline int from_proxy(struct __sk_buff *skb, enum filter sender,
                                      enum program program) {
  struct run *run = new_run(EGRESS);
  const struct plumb_config *config = config_of_node();
  struct place destination = {};

  if (!run || !config) return TC_ACT_SHOT;
  if (is_for_proxy(skb, config)) return TCX_NEXT;
  run->sender = sender;
  enum reason reason = PROXY_UNAVAILABLE;
  if (feature_proxy) reason = parse(skb, &run->packet);
  if (!reason) {
    if (config->proxyMode == PROXY_NAT) restore_port(run);
    identify(&run->packet.source, &run->from);
    reason = decide(skb, run, &destination, config, 0, 0);
  }
  if (!reason) reason = prepare(skb, run, &destination, config);
  reason = settle(run, reason);
  report(skb, run, program, reason);
  return reason ? TC_ACT_SHOT : deliver(run, &destination, config, TCX_NEXT);
}

/*
 * On egress of a way in the node's own namespace: the proxy's sockets send there. What they send
 * comes in again as from elsewhere, to go where any packet may, by the other way: where it came in
 * by its own, the stack would take it for a packet to a socket of the proxy's that is bound there,
 * open or in TIME_WAIT, whose port the client has too, and would not forward it (early demux).
 */
SEC("tc")
int from_proxy_socket(struct __sk_buff *skb) {
  const struct plumb_config *config = config_of_node();
  __u32 other = 0;

  if (config) other = other_way(skb->ifindex, config);
  if (!other || address_proxy(skb)) {
    struct run *run = new_run(EGRESS);
    if (run) report(skb, run, FROM_PROXY_SOCKET, other ? REWRITE_FAILED : PROXY_UNAVAILABLE);
    return TC_ACT_SHOT;
  }
  skb->mark = 0;
  return bpf_redirect(other, BPF_F_INGRESS);
}

SEC("tc")
int from_egress_proxy(struct __sk_buff *skb) {
  return from_proxy(skb, EGRESS_FILTER, FROM_EGRESS_PROXY);
}

SEC("tc")
int from_ingress_proxy(struct __sk_buff *skb) {
  return from_proxy(skb, INGRESS_FILTER, FROM_INGRESS_PROXY);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
