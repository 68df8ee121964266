// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Structs that user space shares. A test compares them with src/state/layout.ts by BTF. */
#pragma once

#include "reasons.h"
#include <linux/bpf.h>
#include <linux/types.h>

#define SIZE_IS(type, size) _Static_assert(sizeof(type) == (size), #type " is " #size " bytes")

/* IPv4 is mapped (::ffff:a.b.c.d), so that there is one path for both families. */
struct plumb_addr {
  union {
    __u8 bytes[16];
    __be32 words[4];
  };
} __attribute__((aligned(4)));
SIZE_IS(struct plumb_addr, 16);

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

/* How a listener gets the connections that are meant for it. */
enum proxy_mode {
  PROXY_SOCKET, /* an SK_LOOKUP program in the proxy's namespace chooses its socket */
  PROXY_TPROXY, /* the packet's mark names its port, for netfilter in the node's namespace */
  PROXY_NAT,    /* the packet goes to its port */
};

struct plumb_endpoint {
  __u32 device;
  __u32 identity;
  __u32 policySet;
  __u32 flags;
  __u8 mac[6];
  __u8 hostMac[6];
};
SIZE_IS(struct plumb_endpoint, 28);

struct plumb_device {
  __u32 identity;
  __u32 policySet;
  __u32 flags;
  __u32 pad;
  struct plumb_addr address4;
  struct plumb_addr address6;
};
SIZE_IS(struct plumb_device, 48);

struct plumb_peer {
  __u32 identity;
  __u32 flags;
  struct plumb_addr tunnel;
};
SIZE_IS(struct plumb_peer, 24);

struct plumb_prefix {
  __u32 prefixLength;
  struct plumb_addr address;
};
SIZE_IS(struct plumb_prefix, 20);

struct plumb_head_key {
  __u32 buffer;
  __u32 policySet;
};
SIZE_IS(struct plumb_head_key, 8);

struct plumb_ref_key {
  __u32 version;
  __u32 direction;
  __u32 class;
};
SIZE_IS(struct plumb_ref_key, 12);

struct plumb_table_key {
  __u32 prefixLength;
  __u32 table;
  __u8 protocol;
  __u8 pad;
  __be16 port;
};
SIZE_IS(struct plumb_table_key, 12);

struct plumb_verdict {
  __u8 verdict;
  __u8 flags;
  __u16 pad;
  __u32 listener;
};
SIZE_IS(struct plumb_verdict, 8);

struct plumb_tuple {
  struct plumb_addr addressA;
  struct plumb_addr addressB;
  __be16 portA;
  __be16 portB;
  __u8 protocol;
  __u8 opener; /* enum filter: the proxy opened it in its client's name, behind that filter */
  __u16 pad;
};
SIZE_IS(struct plumb_tuple, 40);

struct plumb_flow {
  __u32 epoch;
  __u32 expires; /* seconds of CLOCK_MONOTONIC */
  __u8 verdict;
  __u8 state;
  __u8 fromB; /* 1: side B opened the flow */
  __u8 flags;
  __u32 listener; /* with LISTENER_EGRESS; 0: none */
  /* FLOW_SERVICE: the back-end. FLOW_TRANSLATED: the service as the opener knows it. */
  struct plumb_addr natAddress;
  __be16 natPort;
  __u16 pad;
};
SIZE_IS(struct plumb_flow, 36);

struct plumb_fragment_key {
  struct plumb_addr source;
  struct plumb_addr destination;
  __be32 id;
  __u8 protocol;
  __u8 pad0;
  __u16 pad1;
};
SIZE_IS(struct plumb_fragment_key, 40);

/* What only the first fragment of a packet says. */
struct plumb_fragment {
  __u32 expires; /* seconds of CLOCK_MONOTONIC */
  __be16 sourcePort;
  __be16 destinationPort;
  __be16 policyPort;
  __u8 hasFlow;
  __u8 pad;
};
SIZE_IS(struct plumb_fragment, 12);

/* Port and protocol 0: that the address is a service's. */
struct plumb_service_key {
  struct plumb_addr address;
  __be16 port;
  __u8 protocol;
  __u8 pad;
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

#define EVENT_BYTES 96

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

/* A connection of a listener, as the proxy sees it. */
struct plumb_redirect_key {
  struct plumb_addr client;
  struct plumb_addr server;
  __be16 clientPort;
  __be16 port; /* the listener's */
  __u8 protocol;
  __u8 pad0;
  __u16 pad1;
};
SIZE_IS(struct plumb_redirect_key, 40);

struct plumb_redirect {
  __be16 port; /* that the client asked for */
};
SIZE_IS(struct plumb_redirect, 2);

struct plumb_counter {
  __u64 count;
};
SIZE_IS(struct plumb_counter, 8);

enum counter { EVENTS_LOST, PACKETS_UNCOUNTED, FLOWS_OPENED, FLOWS_REMOVED };
enum program {
  FROM_ENDPOINT,
  TO_ENDPOINT,
  FROM_HOST,
  FROM_TUNNEL,
  FROM_UPLINK,
  TO_UPLINK,
  FROM_EGRESS_PROXY,
  FROM_INGRESS_PROXY,
};
enum direction { INGRESS, EGRESS };
enum verdict { DENY = 1, ALLOW, REDIRECT };

#define IDENTITY_HOST 1
#define IDENTITY_REMOTE_NODE 6
/* Other nodes with labels have numbers of their own, with this bit. */
#define IDENTITY_NODE_BIT (1 << 25)
#define IDENTITY_CLUSTER_MIN 256
#define IDENTITY_CLUSTER_MAX 65535
/* Of a peer that is known by its names, learned from the DNS. */
#define PEER_DYNAMIC 1
#define IFINDEX_BASE 65536
#define CONFIG_ALLOW_LOCALHOST 1
/* Events carry the packet's first bytes. */
#define CONFIG_EVENT_BYTES 2
/* A flow that is opened, or judged again, is told too. */
#define CONFIG_EVENT_ALLOWED 4
#define ENDPOINT_AUDIT 1
/* The back-end is chosen by a hash of the flow, the same on every node. */
#define SERVICE_MAGLEV 1
/* Of a table entry that denies because no rule allows, not because one denies. */
#define ENTRY_DEFAULT 1
/* Of a table entry that denies and is only audited: the packet passes, and is told of. */
#define ENTRY_AUDIT 2
/* Of a flow's listener: it is the opener's egress policy that asks for it. */
#define LISTENER_EGRESS 0x40000000
#define LISTENER_ID (LISTENER_EGRESS - 1)
/* Of packets on their way to the proxy; the upper half is the port of the listener, or 0. */
#define PROXY_MARK 0x200
#define PROXY_MARK_MASK 0xf00
/* In plumb_listeners: the socket for UDP. */
#define LISTENER_UDP 0x80000000
