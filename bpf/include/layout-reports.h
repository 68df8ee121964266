// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the datapath tells of itself. */
#pragma once

#include "addr.h"

enum program {
  FROM_ENDPOINT,
  TO_ENDPOINT,
  FROM_HOST,
  FROM_TUNNEL,
  FROM_UPLINK,
  TO_UPLINK,
  FROM_EGRESS_PROXY,
  FROM_INGRESS_PROXY,
  FROM_PROXY_SOCKET,
};

struct plumb_event {
  __u64 time;
  __u8 verdict;
  __u8 reason;
  __u8 direction;
  __u8 protocol;
  __be16 sourcePort;
  __be16 destinationPort;
  struct plumb_addr source;
  struct plumb_addr destination;
  __u32 sourceIdentity;
  __u32 destinationIdentity;
  __u32 policySet;
  __u32 version;
  __u32 class;
  __u32 table;
  __u32 ifindex;
  __u32 length;
  __u16 captured; /* bytes of the packet that follow the event */
  __u8 program;
  __u8 isReply; /* judged as the flow's opener would be */
  __u32 pad;
};
SIZE_IS(struct plumb_event, 88);

enum event_size { EVENT_BYTES = 96 };

/* The record where the node asks for bytes; `captured` says how many are the packet's. */
struct plumb_event_bytes {
  struct plumb_event event;
  __u8 bytes[EVENT_BYTES];
};
SIZE_IS(struct plumb_event_bytes, 184);

/* Version, class, protocol and port are zero where no policy was asked, or no rule spoke. */
struct plumb_metric_key {
  __u32 version;
  __u32 class;
  __be16 port;
  __u8 protocol;
  __u8 reason;
  __u8 direction;
  __u8 verdict;
  __u16 pad;
};
SIZE_IS(struct plumb_metric_key, 16);

struct plumb_metric {
  __u64 packets;
  __u64 bytes;
};
SIZE_IS(struct plumb_metric, 16);

struct plumb_counter {
  __u64 count;
};
SIZE_IS(struct plumb_counter, 8);

enum counter { EVENTS_LOST, PACKETS_UNCOUNTED, FLOWS_OPENED, FLOWS_REMOVED };
