// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What user space shares of a node, its endpoints and its peers. A test compares the layouts with
 * src/state/layout.ts by BTF. */
#pragma once

#include "addr.h"
#include <linux/bpf.h>

struct plumb_config {
  __u32 epoch; /* generation << 1 | active buffer */
  __u32 flags;
  __u32 hostPolicySet; /* 0: no policy is about the node itself */
  __u32 tunnelDevice;  /* ifindex */
  __be16 tunnelPort;
  __u16 pad;
  /* ifindexes of the ways to the proxy; 0: there is none */
  __u32 proxyEgress;
  __u32 proxyIngress;
  __u32 proxyMode; /* enum proxy_mode */
};
SIZE_IS(struct plumb_config, 32);

enum config_flag {
  CONFIG_ALLOW_LOCALHOST = 1,
  /* Events carry the packet's first bytes. */
  CONFIG_EVENT_BYTES = 2,
  /* A flow that is opened, or judged again, is told too. */
  CONFIG_EVENT_ALLOWED = 4,
};

/* How a listener gets the connections that are meant for it. */
enum proxy_mode {
  PROXY_SOCKET, /* an SK_LOOKUP program in the proxy's namespace chooses its socket */
  PROXY_TPROXY, /* the packet's mark names its port, for netfilter in the node's namespace */
  PROXY_NAT,    /* the packet goes to its port */
};

/* Of packets on their way to the proxy; the upper half is the port of the listener, or 0. */
enum proxy_mark { PROXY_MARK = 0x200, PROXY_MARK_MASK = 0xf00 };

struct plumb_endpoint {
  __u32 device;
  __u32 identity;
  __u32 policySet;
  __u32 flags;
  __u8 mac[6];
  __u8 hostMac[6];
};
SIZE_IS(struct plumb_endpoint, 28);

enum endpoint_flag { ENDPOINT_AUDIT = 1 };

struct plumb_device {
  __u32 identity;
  __u32 policySet;
  __u32 flags;
  __u32 pad;
  struct plumb_addr address4;
  struct plumb_addr address6;
};
SIZE_IS(struct plumb_device, 48);

/* plumb_devices is indexed by what an ifindex is above it. */
enum device_number { IFINDEX_BASE = 65536 };

struct plumb_peer {
  __u32 identity;
  __u32 flags;
  struct plumb_addr tunnel;
};
SIZE_IS(struct plumb_peer, 24);

enum peer_flag {
  /* It is known by its names, learned from the DNS. */
  PEER_DYNAMIC = 1,
};

enum identity {
  IDENTITY_HOST = 1,
  IDENTITY_REMOTE_NODE = 6,
  IDENTITY_CLUSTER_MIN = 256,
  IDENTITY_CLUSTER_MAX = 65535,
  /* Other nodes with labels have numbers of their own, with this bit. */
  IDENTITY_NODE_BIT = 1 << 25,
};

struct plumb_prefix {
  __u32 prefixLength;
  struct plumb_addr address;
};
SIZE_IS(struct plumb_prefix, 20);
