// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Later fragments have no ports: they follow the first one, or go nowhere. */
#pragma once

#include "clock.h"
#include "maps.h"
#include "packet.h"

/* Seconds; RFC 8200 gives a receiver 60 to put a packet together, Linux 30. */
#define TIMEOUT_FRAGMENTS 30

/*
 * Remembers what only the first fragment says, or tells it to a later one. Their addresses must be
 * those on the wire: before a service's is translated.
 */
__noinline int follow_first_fragment(struct packet *packet) {
  if (!packet) return FRAGMENT;
  struct plumb_fragment_key key = {
      .source = packet->source,
      .destination = packet->destination,
      .id = packet->fragmentId,
      .protocol = packet->protocol,
  };

  if (packet->fragment == FIRST_FRAGMENT) {
    struct plumb_fragment first = {
        .expires = seconds() + TIMEOUT_FRAGMENTS,
        .sourcePort = packet->sourcePort,
        .destinationPort = packet->destinationPort,
        .policyPort = packet->policyPort,
        .hasFlow = packet->hasFlow,
    };
    return bpf_map_update_elem(&plumb_fragments, &key, &first, BPF_ANY) ? FRAGMENT : FORWARDED;
  }
  const struct plumb_fragment *first = bpf_map_lookup_elem(&plumb_fragments, &key);
  if (!first || first->expires <= seconds()) return FRAGMENT;
  packet->sourcePort = first->sourcePort;
  packet->destinationPort = first->destinationPort;
  packet->policyPort = first->policyPort;
  packet->hasFlow = first->hasFlow;
  return FORWARDED;
}
