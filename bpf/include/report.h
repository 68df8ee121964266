// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What became of a packet, for those who watch: counters and events. */
#pragma once

#include "decide.h"

/*
 * Makes a row of counters. Where there is no room for one more port, the packet counts for its
 * reason alone: those rows are few. A function of its own, for what happens once a row.
 */
__noinline int add_metric(struct plumb_metric_key *key) {
  struct plumb_metric none = {};

  if (!key) return -1;
  /* Another CPU may be faster; then its row is the one. */
  bpf_map_update_elem(&plumb_metrics, key, &none, BPF_NOEXIST);
  if (bpf_map_lookup_elem(&plumb_metrics, key)) return 0;
  key->version = 0;
  key->class = 0;
  key->port = 0;
  key->protocol = 0;
  bpf_map_update_elem(&plumb_metrics, key, &none, BPF_NOEXIST);
  return 0;
}

/*
 * One packet counts once, for what decided it: where both sides were asked, the last. A packet of a
 * flow that is remembered has no version and no class. What no rule is about has no port: a scan
 * must not fill the map.
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
  if (judgement->table && reason != POLICY_DEFAULT_DENY) {
    key.protocol = judgement->protocol;
    key.port = judgement->port;
  }
  struct plumb_metric *metric = bpf_map_lookup_elem(&plumb_metrics, &key);
  if (!metric) {
    add_metric(&key);
    metric = bpf_map_lookup_elem(&plumb_metrics, &key);
  }
  if (!metric) {
    count_one(PACKETS_UNCOUNTED);
    return;
  }
  metric->packets++;
  metric->bytes += skb->len;
}

/* The rules that the other side met: a row without a verdict, because the packet is counted
 * already. */
__noinline int count_other(struct __sk_buff *skb, struct run *run) {
  if (!run) return -1;
  const struct judgement *judgement = &run->judgement;
  struct plumb_metric_key key = {
      .version = judgement->otherVersion,
      .class = judgement->otherClass,
      .reason = judgement->otherReason,
      .direction = judgement->otherDirection,
  };

  if (judgement->otherReason != POLICY_DEFAULT_DENY) {
    key.protocol = judgement->protocol;
    key.port = judgement->port;
  }
  struct plumb_metric *metric = bpf_map_lookup_elem(&plumb_metrics, &key);
  if (!metric) {
    add_metric(&key);
    metric = bpf_map_lookup_elem(&plumb_metrics, &key);
  }
  if (!metric) return -1;
  metric->packets++;
  metric->bytes += skb->len;
  return 0;
}

static __always_inline void write_event(struct plumb_event *event, struct __sk_buff *skb,
                                        const struct run *run, enum program program,
                                        enum reason reason, __u8 verdict) {
  const struct judgement *judgement = &run->judgement;

  event->time = bpf_ktime_get_ns();
  event->verdict = verdict;
  event->reason = reason;
  event->direction = judgement->direction;
  event->protocol = run->packet.protocol;
  event->sourcePort = run->packet.sourcePort;
  event->destinationPort = run->packet.policyPort;
  event->source = run->packet.source;
  event->destination = run->packet.destination;
  event->sourceIdentity = run->from.identity;
  event->destinationIdentity = run->to.identity;
  event->policySet = judgement->policySet;
  event->version = judgement->version;
  event->class = judgement->class;
  event->table = judgement->table;
  event->ifindex = skb->ifindex;
  event->length = skb->len;
  event->captured = 0;
  event->program = program;
  event->isReply = run->tracking.isReply;
  event->pad = 0;
}

/* The packet's first bytes, as it is to leave. Returns how many. */
static __always_inline __u16 copy_bytes(struct __sk_buff *skb, __u8 *bytes) {
  __u32 length = skb->len;

  if (length > EVENT_BYTES) length = EVENT_BYTES;
  /* The verifier is to see the bound on the register that is used. */
  asm volatile("" : "+r"(length));
  if (!length || bpf_skb_load_bytes(skb, 0, bytes, length)) return 0;
  return length;
}

/* A function of its own: few packets are told of. Nonzero when there was no room. */
__noinline int tell(struct __sk_buff *skb, struct run *run, __u32 program, __u32 reason,
                    __u32 withBytes) {
  if (!run) return -1;
  __u8 verdict = run->judgement.isDropped ? DENY : ALLOW;

  if (withBytes) {
    struct plumb_event_bytes *record =
        bpf_ringbuf_reserve(&plumb_events, sizeof(struct plumb_event_bytes), 0);
    if (!record) return -1;
    write_event(&record->event, skb, run, program, reason, verdict);
    record->event.captured = copy_bytes(skb, record->bytes);
    bpf_ringbuf_submit(record, 0);
    return 0;
  }
  struct plumb_event *event = bpf_ringbuf_reserve(&plumb_events, sizeof(*event), 0);
  if (!event) return -1;
  write_event(event, skb, run, program, reason, verdict);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

/* Link noise, which every interface makes and nobody asked about: counted, not told. */
static __always_inline int is_noise(enum reason reason) {
  return reason == UNSUPPORTED_ETHERTYPE || reason == UNSUPPORTED_MULTICAST ||
         reason == NEIGHBOR_QUERY;
}

/* Counts, and tells of what is dropped, of what would have been, and of new flows if asked to. */
static __always_inline void report(struct __sk_buff *skb, struct run *run, enum program program,
                                   enum reason reason) {
  enum reason told = reason ? reason : run->judgement.reason;

  count(skb, &run->judgement, told, reason ? DENY : ALLOW);
  if (feature_metrics && run->judgement.otherVersion) count_other(skb, run);
  if (!feature_events || is_noise(reason)) return;
  int isEssential = reason || run->judgement.audited;
  /* Only what was judged has a protocol there; what flows is not, and is to cost nothing here. */
  if (!isEssential && !run->judgement.protocol) return;
  const struct plumb_config *config = config_of_node();
  __u32 flags = config ? config->flags : 0;
  if (!isEssential && !(flags & CONFIG_EVENT_ALLOWED)) return;
  run->judgement.isDropped = reason != FORWARDED;
  if (tell(skb, run, program, told, flags & CONFIG_EVENT_BYTES)) count_one(EVENTS_LOST);
}
