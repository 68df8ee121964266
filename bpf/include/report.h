// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "maps.h"
#include "policy.h"

/*
 * One packet counts once, for what decided it: where both sides were asked, the last. A packet of a
 * flow that is remembered has no version and no class.
 */
static __always_inline void count(struct __sk_buff *skb, const struct judgement *judgement,
                                  enum reason reason, __u8 verdict) {
  struct plumb_metric_key key = {
      .version = judgement->version,
      .class = judgement->class,
      .reason = reason,
      .direction = judgement->direction,
      .verdict = verdict,
  };

  if (!feature_metrics) return;
  struct plumb_metric *metric = bpf_map_lookup_elem(&plumb_metrics, &key);
  if (!metric) {
    /* Another CPU may be faster; then its entry is the one. */
    struct plumb_metric none = {};
    bpf_map_update_elem(&plumb_metrics, &key, &none, BPF_NOEXIST);
    metric = bpf_map_lookup_elem(&plumb_metrics, &key);
    if (!metric) return;
  }
  metric->packets++;
  metric->bytes += skb->len;
}

static __always_inline void tell(struct __sk_buff *skb, const struct packet *packet,
                                 const struct judgement *judgement, enum reason reason,
                                 __u8 verdict, __u32 sourceIdentity, __u32 destinationIdentity) {
  if (!feature_events) return;
  struct plumb_event *event = bpf_ringbuf_reserve(&plumb_events, sizeof(*event), 0);
  if (!event) return;
  event->time = bpf_ktime_get_ns();
  event->verdict = verdict;
  event->reason = reason;
  event->direction = judgement->direction;
  event->protocol = packet->protocol;
  event->sourcePort = packet->sourcePort;
  event->destinationPort = packet->policyPort;
  event->source = packet->source;
  event->destination = packet->destination;
  event->sourceIdentity = sourceIdentity;
  event->destinationIdentity = destinationIdentity;
  event->policySet = judgement->policySet;
  event->version = judgement->version;
  event->class = judgement->class;
  event->table = judgement->table;
  event->ifindex = skb->ifindex;
  event->length = skb->len;
  bpf_ringbuf_submit(event, 0);
}

/* Link noise, which every interface makes and nobody asked about: counted, not told. */
static __always_inline int is_noise(enum reason reason) {
  return reason == UNSUPPORTED_ETHERTYPE || reason == UNSUPPORTED_MULTICAST ||
         reason == NEIGHBOR_QUERY;
}
