// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is remembered of packets that passed. */
#pragma once

#include "addr.h"

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

enum listener_bits {
  /* Of a flow's listener: it is the opener's egress policy that asks for it. */
  LISTENER_EGRESS = 0x40000000,
  LISTENER_ID = 0x3fffffff,
  /* In plumb_listeners: the socket for UDP, and that of the proxy's second thread. */
  LISTENER_UDP = 0x80000000,
  LISTENER_SECOND = 0x40000000,
};

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
