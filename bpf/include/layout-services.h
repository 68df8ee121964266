// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What user space shares of services. */
#pragma once

#include "addr.h"

enum service_scope {
  SCOPE_ANY,
  /* What comes from outside the node, which only its own back-ends can answer. */
  SCOPE_OUTSIDE,
};

/* Port and protocol 0: that the address is a service's. */
struct plumb_service_key {
  struct plumb_addr address;
  __be16 port;
  __u8 protocol;
  __u8 scope; /* enum service_scope */
};
SIZE_IS(struct plumb_service_key, 20);

struct plumb_service {
  __u32 id;
  __u32 set;
  __u32 slots;
  __u32 flags;
  __u32 affinity; /* seconds; 0: none */
};
SIZE_IS(struct plumb_service, 20);

enum service_flag {
  /* The back-end is chosen by a hash of the flow, the same on every node. */
  SERVICE_MAGLEV = 1,
};

struct plumb_backend_key {
  __u32 set;
  __u32 slot;
};
SIZE_IS(struct plumb_backend_key, 8);

struct plumb_backend {
  struct plumb_addr address;
  __be16 port;
  __u16 pad;
};
SIZE_IS(struct plumb_backend, 20);

struct plumb_member_key {
  __u32 set;
  struct plumb_addr address;
  __be16 port;
  __u16 pad;
};
SIZE_IS(struct plumb_member_key, 24);

struct plumb_affinity_key {
  __u32 service;
  struct plumb_addr client;
};
SIZE_IS(struct plumb_affinity_key, 20);

struct plumb_affinity {
  struct plumb_addr address;
  __be16 port;
  __u16 pad;
  __u32 expires; /* seconds of CLOCK_MONOTONIC */
};
SIZE_IS(struct plumb_affinity, 24);
