// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "clock.h"
#include "maps.h"
#include "packet.h"
#include <bpf/bpf_endian.h>

/* Seconds without a packet after which a flow is forgotten. */
#define TIMEOUT_TCP 8000
#define TIMEOUT_TCP_OPENING 60
#define TIMEOUT_TCP_CLOSING 10
#define TIMEOUT_ICMP 30
#define TIMEOUT_OTHER 60

/* Bits of a flow's state. */
#define FLOW_REPLIED 1
#define FLOW_FIN_OPENER 2
#define FLOW_FIN_REPLIER 4
#define FLOW_CLOSING (FLOW_FIN_OPENER | FLOW_FIN_REPLIER)

/*
 * What a flow's flags say. SERVICE: it is to a service, as the opener sees it, and natAddress is
 * its back-end. TRANSLATED: it is to that back-end, and natAddress is the service, which replies
 * come from. HAIRPIN: the back-end is the opener itself; see service.h. FORWARDED: it is of an
 * endpoint in the host's name, and was judged as the endpoint's. FROM_EGRESS_FILTER and
 * FROM_INGRESS_FILTER: the proxy opened it, behind that filter. CUT: a connection was there before
 * its filter was; the proxy does not know it.
 */
#define FLOW_SERVICE 1
#define FLOW_TRANSLATED 2
#define FLOW_HAIRPIN 4
#define FLOW_FORWARDED 8
#define FLOW_FROM_EGRESS_FILTER 16
#define FLOW_FROM_INGRESS_FILTER 32
#define FLOW_FROM_FILTER (FLOW_FROM_EGRESS_FILTER | FLOW_FROM_INGRESS_FILTER)
#define FLOW_CUT 64

/* A packet's place in its flow. */
struct tracking {
  struct plumb_tuple tuple;
  __u32 now;
  /* The packet's source is side B of the tuple. */
  __u8 sourceIsB;
  /* The packet answers a flow that the other side opened. */
  __u8 isReply;
};

/* Whether (a, portA) comes after (b, portB), as bytes. */
static __always_inline int is_after(const struct plumb_addr *a, __be16 portA,
                                    const struct plumb_addr *b, __be16 portB) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    __u32 wordA = bpf_ntohl(a->words[i]), wordB = bpf_ntohl(b->words[i]);
    if (wordA != wordB) return wordA > wordB;
  }
  return bpf_ntohs(portA) > bpf_ntohs(portB);
}

static __always_inline void track(struct tracking *tracking, const struct packet *packet) {
  struct plumb_tuple *tuple = &tracking->tuple;

  tracking->sourceIsB =
      is_after(&packet->source, packet->sourcePort, &packet->destination, packet->destinationPort);
  if (tracking->sourceIsB) {
    tuple->addressA = packet->destination;
    tuple->portA = packet->destinationPort;
    tuple->addressB = packet->source;
    tuple->portB = packet->sourcePort;
  } else {
    tuple->addressA = packet->source;
    tuple->portA = packet->sourcePort;
    tuple->addressB = packet->destination;
    tuple->portB = packet->destinationPort;
  }
  tuple->protocol = packet->protocol;
  tracking->now = seconds();
}

static __always_inline int is_opening(const struct packet *packet) {
  return packet->protocol == TCP && (packet->tcpFlags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/*
 * The live flow that the packet belongs to, or none. A SYN against a flow's direction, or into one
 * that is closing, belongs to a new flow: it must be judged on its own.
 */
static __always_inline struct plumb_flow *find_flow(struct tracking *tracking,
                                                    const struct packet *packet) {
  struct plumb_flow *flow = bpf_map_lookup_elem(&plumb_conntrack, &tracking->tuple);

  if (!flow || flow->expires <= tracking->now) return 0;
  __u8 isReply = flow->fromB != tracking->sourceIsB;
  if (is_opening(packet) && (isReply || (flow->state & FLOW_CLOSING))) return 0;
  tracking->isReply = isReply;
  return flow;
}

static __always_inline __u32 lifetime(const struct packet *packet, __u8 state, __u8 flags) {
  if (packet->protocol == TCP) {
    if ((state & FLOW_CLOSING) == FLOW_CLOSING) return TIMEOUT_TCP_CLOSING;
    /* Of a flow to a service only the opener's packets are seen: replies come from the back-end. */
    return (state & FLOW_REPLIED) || (flags & FLOW_SERVICE) ? TIMEOUT_TCP : TIMEOUT_TCP_OPENING;
  }
  if (packet->protocol == ICMP || packet->protocol == ICMPV6) return TIMEOUT_ICMP;
  return TIMEOUT_OTHER;
}

static __always_inline __u8 next_state(__u8 state, const struct packet *packet, __u8 isReply) {
  if (isReply) state |= FLOW_REPLIED;
  if (packet->protocol != TCP) return state;
  if (packet->tcpFlags & TCP_RST) state |= FLOW_CLOSING;
  if (packet->tcpFlags & TCP_FIN) state |= isReply ? FLOW_FIN_REPLIER : FLOW_FIN_OPENER;
  return state;
}

/* Writes only what changes: the line of an established flow stays shared between CPUs. */
static __always_inline void touch_flow(struct plumb_flow *flow, const struct tracking *tracking,
                                       const struct packet *packet) {
  __u8 state = next_state(flow->state, packet, tracking->isReply);
  __u32 expires = tracking->now + lifetime(packet, state, flow->flags);

  if (flow->state != state) flow->state = state;
  if (flow->expires != expires) flow->expires = expires;
}

static __always_inline void forget_flow(const struct tracking *tracking) {
  if (!bpf_map_delete_elem(&plumb_conntrack, &tracking->tuple)) count_one(FLOWS_REMOVED);
}

/* What is done to a flow: the address that is translated, if flags say so, and who filters it. */
struct translation {
  struct plumb_addr address;
  __be16 port;
  __u8 flags;
  __u8 pad;
  __u32 listener;
};

/* Remembers a flow that was allowed. Nonzero when there is no room: then it must not pass. */
static __always_inline int open_flow(const struct tracking *tracking, const struct packet *packet,
                                     __u32 epoch, __u8 state,
                                     const struct translation *translation) {
  struct plumb_flow flow = {
      .epoch = epoch,
      .verdict = translation->listener ? REDIRECT : ALLOW,
      .state = next_state(state, packet, tracking->isReply),
      .fromB = tracking->sourceIsB != tracking->isReply,
      .flags = translation->flags,
      .listener = translation->listener,
      .natAddress = translation->address,
      .natPort = translation->port,
  };

  flow.expires = tracking->now + lifetime(packet, flow.state, flow.flags);
  /* The kernel does not count what it evicts: opened, less removed, less present. */
  int isNew = !bpf_map_lookup_elem(&plumb_conntrack, &tracking->tuple);
  if (bpf_map_update_elem(&plumb_conntrack, &tracking->tuple, &flow, BPF_ANY)) return -1;
  if (isNew) count_one(FLOWS_OPENED);
  return 0;
}
