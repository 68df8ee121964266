// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs of every endpoint's host-side device: from_endpoint on ingress (what the endpoint
 * sends), to_endpoint on egress (what the host's stack sends to it). One shared tc block has each.
 */
#include "include/conntrack.h"
#include "include/features.h"
#include "include/identity.h"
#include "include/maps.h"
#include "include/packet.h"
#include "include/policy.h"
#include "include/report.h"

#define TC_ACT_OK 0
#define TC_ACT_SHOT 2

/* All that is known of a packet while it is judged. */
struct run {
  struct packet packet;
  struct tracking tracking;
  struct judgement judgement;
  /* The endpoint whose device this is, and whoever it talks to. */
  struct side self;
  struct side peer;
  const struct plumb_endpoint *peerEndpoint;
};

static __always_inline const struct plumb_device *device_of(struct __sk_buff *skb) {
  __u32 slot = skb->ifindex - IFINDEX_BASE;
  const struct plumb_device *device = bpf_map_lookup_elem(&plumb_devices, &slot);

  return device && device->identity ? device : 0;
}

static __always_inline int is_own(const struct plumb_device *device, const struct packet *packet,
                                  const struct plumb_addr *address) {
  return same_addr(address, packet->isIPv6 ? &device->address6 : &device->address4);
}

/* Judges the flow as its opener would be judged, whichever side sent this packet. */
static __always_inline enum reason judge_flow(struct run *run, int fromSelf, __u32 epoch,
                                              const struct plumb_config *config) {
  const struct packet *packet = &run->packet;
  int isReply = run->tracking.isReply;
  int openerIsSelf = fromSelf != isReply;
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
  return judge(&run->judgement, openerIsSelf ? &run->self : &run->peer,
               openerIsSelf ? &run->peer : &run->self, config);
}

/* FORWARDED, or why the packet is dropped. */
static __always_inline enum reason decide(struct __sk_buff *skb, struct run *run, int fromSelf) {
  __u32 zero = 0;

  run->judgement.direction = fromSelf ? EGRESS : INGRESS;
  const struct plumb_device *device = device_of(skb);
  if (!device) return NO_DEVICE;
  local_side(&run->self, device);
  enum reason reason = parse(skb, &run->packet);
  if (reason) return reason;
  /* What an endpoint sends is from its own address, and nothing that comes to it is. */
  if (is_own(device, &run->packet, &run->packet.source) != fromSelf) return SPOOFED_SOURCE;
  if (!fromSelf && !is_own(device, &run->packet, &run->packet.destination)) return NO_ENDPOINT;
  const struct plumb_config *config = bpf_map_lookup_elem(&plumb_config, &zero);
  if (!config) return NO_POLICY;

  __u32 epoch = *(volatile const __u32 *)&config->epoch;
  run->peerEndpoint =
      find_side(&run->peer, fromSelf ? &run->packet.destination : &run->packet.source);
  if (same_addr(&run->packet.source, &run->packet.destination)) return FORWARDED;

  struct plumb_flow *flow = 0;
  if (run->packet.hasFlow) {
    track(&run->tracking, &run->packet);
    flow = find_flow(&run->tracking, &run->packet);
  }
  if (flow && flow->epoch == epoch) {
    touch_flow(flow, &run->tracking, &run->packet);
    return FORWARDED;
  }
  reason = judge_flow(run, fromSelf, epoch, config);
  if (reason) {
    if (flow) bpf_map_delete_elem(&plumb_conntrack, &run->tracking.tuple);
    return reason;
  }
  if (!run->packet.hasFlow) return FORWARDED;
  return open_flow(&run->tracking, &run->packet, epoch, flow ? flow->state : 0) ? CONNTRACK_FULL
                                                                                : FORWARDED;
}

/*
 * Straight into the other endpoint's namespace: no route, no neighbor, no queue of the host's. The
 * TTL stays, as on one link: such a packet runs no second time, so it cannot go round.
 */
static __always_inline int deliver(struct __sk_buff *skb, const struct plumb_endpoint *endpoint) {
  if (bpf_skb_store_bytes(skb, 0, endpoint->mac, 6, 0) ||
      bpf_skb_store_bytes(skb, 6, endpoint->hostMac, 6, 0))
    return TC_ACT_SHOT;
  return bpf_redirect_peer(endpoint->device, 0);
}

static __always_inline int handle(struct __sk_buff *skb, int fromSelf) {
  struct run run = {};
  enum reason reason = decide(skb, &run, fromSelf);
  __u8 verdict = reason ? DENY : ALLOW;
  enum reason told = reason ? reason : run.judgement.reason;

  count(skb, &run.judgement, told, verdict);
  if ((reason && !is_noise(reason)) || run.judgement.audited)
    tell(skb, &run.packet, &run.judgement, told, verdict,
         fromSelf ? run.self.identity : run.peer.identity,
         fromSelf ? run.peer.identity : run.self.identity);
  if (reason) return TC_ACT_SHOT;
  return fromSelf && run.peerEndpoint ? deliver(skb, run.peerEndpoint) : TC_ACT_OK;
}

SEC("tc")
int from_endpoint(struct __sk_buff *skb) {
  return handle(skb, 1);
}

SEC("tc")
int to_endpoint(struct __sk_buff *skb) {
  return handle(skb, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
