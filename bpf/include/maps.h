// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "layout.h"
#include "layout-flows.h"
#include "layout-policy.h"
#include "layout-reports.h"
#include "layout-services.h"
#include <bpf/bpf_helpers.h>

#define MAP(name_, type_, key_, value_, entries_, flags_) \
  struct {                                                \
    __uint(type, type_);                                  \
    __uint(max_entries, entries_);                        \
    __uint(map_flags, flags_);                            \
    __type(key, key_);                                    \
    __type(value, value_);                                \
  } name_ SEC(".maps")

#define DYNAMIC BPF_F_NO_PREALLOC

MAP(plumb_config, BPF_MAP_TYPE_ARRAY, __u32, struct plumb_config, 1, 0);
MAP(plumb_endpoints, BPF_MAP_TYPE_HASH, struct plumb_addr, struct plumb_endpoint, 32768, DYNAMIC);
MAP(plumb_devices, BPF_MAP_TYPE_ARRAY, __u32, struct plumb_device, 16384, 0);
MAP(plumb_ipcache, BPF_MAP_TYPE_HASH, struct plumb_addr, struct plumb_peer, 512000, DYNAMIC);
MAP(plumb_ipcache_lpm, BPF_MAP_TYPE_LPM_TRIE, struct plumb_prefix, struct plumb_peer, 512000,
    DYNAMIC);
MAP(plumb_classes, BPF_MAP_TYPE_HASH, __u32, __u32, 512000, DYNAMIC);
MAP(plumb_heads, BPF_MAP_TYPE_HASH, struct plumb_head_key, __u32, 65536, DYNAMIC);
MAP(plumb_refs, BPF_MAP_TYPE_HASH, struct plumb_ref_key, __u32, 262144, DYNAMIC);
MAP(plumb_tables, BPF_MAP_TYPE_LPM_TRIE, struct plumb_table_key, struct plumb_verdict, 262144,
    DYNAMIC);
MAP(plumb_conntrack, BPF_MAP_TYPE_LRU_HASH, struct plumb_tuple, struct plumb_flow, 524288, 0);
MAP(plumb_fragments, BPF_MAP_TYPE_LRU_HASH, struct plumb_fragment_key, struct plumb_fragment, 8192,
    0);
MAP(plumb_services, BPF_MAP_TYPE_HASH, struct plumb_service_key, struct plumb_service, 65536,
    DYNAMIC);
MAP(plumb_backends, BPF_MAP_TYPE_HASH, struct plumb_backend_key, struct plumb_backend, 1048576,
    DYNAMIC);
MAP(plumb_members, BPF_MAP_TYPE_HASH, struct plumb_member_key, __u32, 262144, DYNAMIC);
MAP(plumb_affinity, BPF_MAP_TYPE_LRU_HASH, struct plumb_affinity_key, struct plumb_affinity, 65536,
    0);
MAP(plumb_metrics, BPF_MAP_TYPE_PERCPU_HASH, struct plumb_metric_key, struct plumb_metric, 65536,
    0);
MAP(plumb_counters, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct plumb_counter, 4, 0);

/* Listening sockets by listener, held by the proxy's supervisor. */
MAP(plumb_listeners, BPF_MAP_TYPE_SOCKHASH, __u32, __u64, 65536, 0);

/* Mode nat: the port that the client of a listener asked for. */
MAP(plumb_redirects, BPF_MAP_TYPE_LRU_HASH, struct plumb_redirect_key, struct plumb_redirect, 65536,
    0);

/* One more of what no packet's verdict is about. */
static __always_inline void count_one(enum counter counter) {
  __u32 index = counter;
  struct plumb_counter *found = bpf_map_lookup_elem(&plumb_counters, &index);

  if (found) found->count++;
}

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} plumb_events SEC(".maps");
