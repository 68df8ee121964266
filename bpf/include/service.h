// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A service is an address and port that stand for back-ends. Two flows are remembered: the opener's
 * to the service, which keeps it on its back-end, and the one to the back-end, which is judged, and
 * which tells replies what the opener takes them to come from. An endpoint that is its own back-end
 * sees the service as its client.
 */
#pragma once

#include "clock.h"
#include "conntrack.h"
#include "maps.h"
#include "packet.h"

/* A flow's back-end: the known one on the way in (none: zeros), the one to take on the way out. */
struct choice {
  struct plumb_addr address;
  __be16 port;
  /* A service was found, and address and port are its back-end. */
  __u8 isFound;
  /* The flow to the service is not remembered yet. */
  __u8 isNew;
  /* Of the rows that are asked first. */
  __u8 scope;
};

static __always_inline __u32 mix(__u32 hash, __u32 word) {
  hash = (hash ^ word) * 0x9e3779b1;
  return hash ^ (hash >> 15);
}

/* Every bit to every bit: the slot is what is left of a division (finalizer of MurmurHash3). */
static __always_inline __u32 spread(__u32 hash) {
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
}

/* The same for every packet of a flow, on every node. */
static __always_inline __u32 flow_hash(const struct packet *packet) {
  __u32 hash = packet->protocol;

#pragma unroll
  for (int i = 0; i < 4; i++)
    hash = mix(hash, packet->source.words[i]);
#pragma unroll
  for (int i = 0; i < 4; i++)
    hash = mix(hash, packet->destination.words[i]);
  return spread(mix(hash, (__u32)packet->sourcePort << 16 | packet->destinationPort));
}

static __always_inline const struct plumb_service *find_service(const struct packet *packet,
                                                                __u8 scope) {
  struct plumb_service_key key = {
      .address = packet->destination,
      .port = packet->destinationPort,
      .protocol = packet->protocol,
      .scope = scope,
  };

  return bpf_map_lookup_elem(&plumb_services, &key);
}

static __always_inline int is_to_service(const struct packet *packet) {
  struct plumb_service_key key = {.address = packet->destination};

  return bpf_map_lookup_elem(&plumb_services, &key) != 0;
}

static __always_inline int is_member(__u32 set, const struct choice *choice) {
  struct plumb_member_key key = {.set = set, .address = choice->address, .port = choice->port};

  return bpf_map_lookup_elem(&plumb_members, &key) != 0;
}

/* The back-end that the client had before, if it is still one. */
static __always_inline int recall_backend(const struct plumb_service *service,
                                          const struct plumb_affinity_key *key,
                                          struct choice *choice) {
  const struct plumb_affinity *known = bpf_map_lookup_elem(&plumb_affinity, key);

  if (!known || known->expires <= seconds()) return 0;
  choice->address = known->address;
  choice->port = known->port;
  return is_member(service->set, choice);
}

static __always_inline enum reason draw_backend(const struct packet *packet,
                                                const struct plumb_service *service,
                                                struct choice *choice) {
  __u32 number = service->flags & SERVICE_MAGLEV ? flow_hash(packet) : bpf_get_prandom_u32();
  struct plumb_backend_key key = {.set = service->set, .slot = number % service->slots};
  const struct plumb_backend *backend = bpf_map_lookup_elem(&plumb_backends, &key);

  if (!backend) return NO_BACKEND;
  choice->address = backend->address;
  choice->port = backend->port;
  return FORWARDED;
}

/*
 * The back-end of a packet that no remembered flow has one for, or whose flow is older than the
 * last change. A known back-end is kept as long as it is one; of a TCP connection also longer:
 * taking another would break it.
 */
__noinline int choose_backend(struct packet *packet, struct choice *choice) {
  if (!packet || !choice) return NO_SERVICE;
  int isKnown = choice->isFound;

  if (isKnown && packet->protocol == TCP) return FORWARDED;
  choice->isFound = 0;
  choice->isNew = 0;
  const struct plumb_service *service = 0;
  if (packet->protocol == TCP || packet->protocol == UDP || packet->protocol == SCTP) {
    if (choice->scope) service = find_service(packet, choice->scope);
    if (!service) service = find_service(packet, 0);
  }
  if (!service) return is_to_service(packet) ? NO_SERVICE : FORWARDED;
  if (isKnown && is_member(service->set, choice)) {
    choice->isFound = 1;
    return FORWARDED;
  }
  if (!service->slots) return NO_BACKEND;
  struct plumb_affinity_key client = {.service = service->id, .client = packet->source};
  if (!service->affinity || !recall_backend(service, &client, choice)) {
    enum reason reason = draw_backend(packet, service, choice);
    if (reason) return reason;
  }
  if (service->affinity) {
    struct plumb_affinity value = {
        .address = choice->address,
        .port = choice->port,
        .expires = seconds() + service->affinity,
    };
    /* Without room the client is only not remembered. */
    bpf_map_update_elem(&plumb_affinity, &client, &value, BPF_ANY);
  }
  choice->isFound = 1;
  choice->isNew = 1;
  return FORWARDED;
}

/* Makes the packet one to the back-end, and says how replies to it are to look. */
static __always_inline void address_backend(struct packet *packet, const struct choice *choice,
                                            struct translation *translation) {
  translation->address = packet->destination;
  translation->port = packet->destinationPort;
  translation->flags = FLOW_TRANSLATED;
  if (same_addr(&packet->source, &choice->address)) {
    packet->source = packet->destination;
    translation->flags |= FLOW_HAIRPIN;
  }
  packet->destination = choice->address;
  packet->destinationPort = choice->port;
  packet->policyPort = choice->port;
}

/* Makes a reply of a back-end one of the service. */
static __always_inline void answer_as_service(struct packet *packet,
                                              const struct plumb_flow *flow) {
  if (flow->flags & FLOW_HAIRPIN) packet->destination = packet->source;
  packet->source = flow->natAddress;
  packet->sourcePort = flow->natPort;
}
