// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The last step to the proxy, in each of its modes. */
#pragma once

#include "actions.h"
#include "rewrite.h"
#include "run.h"

/* Both ends of each way to the proxy have this address; see PROXY_MAC in src/state/layout.ts. */
static __always_inline int address_proxy(struct __sk_buff *skb) {
  const __u8 macs[12] = {0x02, 0x70, 0x6c, 0x75, 0x6d, 0x62, 0x02, 0x70, 0x6c, 0x75, 0x6d, 0x62};

  return bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0);
}

/* Every address is the proxy's own in its namespace: only the port is another one. */
static __always_inline enum reason lead_to_port(struct __sk_buff *skb, struct run *run,
                                                __u32 port) {
  struct packet *packet = &run->packet;
  struct plumb_redirect_key key = {
      .client = packet->source,
      .server = packet->destination,
      .clientPort = packet->sourcePort,
      .port = bpf_htons(port),
      .protocol = packet->protocol,
  };
  struct plumb_redirect asked = {.port = packet->destinationPort};
  struct plumb_redirect *known = bpf_map_lookup_elem(&plumb_redirects, &key);

  /* Between the same two ports of the same two hosts the newest connection is the one there is. */
  if (!known || known->port != asked.port) {
    if (bpf_map_update_elem(&plumb_redirects, &key, &asked, BPF_ANY)) return PROXY_UNAVAILABLE;
  }
  packet->destinationPort = key.port;
  return rewrite(skb, packet) ? REWRITE_FAILED : FORWARDED;
}

/* What the proxy answers its client comes from the port that the client asked for. */
__noinline int restore_port(struct run *run) {
  if (!run) return 0;
  struct packet *packet = &run->packet;
  struct plumb_redirect_key key = {
      .client = packet->destination,
      .server = packet->source,
      .clientPort = packet->destinationPort,
      .port = packet->sourcePort,
      .protocol = packet->protocol,
  };
  struct plumb_redirect *asked = bpf_map_lookup_elem(&plumb_redirects, &key);
  if (!asked) return 0;
  packet->sourcePort = asked->port;
  run->isTranslated = 1;
  return 0;
}

/* FORWARDED, or why the packet cannot be made one for the proxy; then it must not pass. */
__noinline int prepare_for_proxy(struct __sk_buff *skb, struct run *run) {
  const struct plumb_config *config = config_of_node();

  if (!run || !config) return PROXY_UNAVAILABLE;
  if (address_proxy(skb)) return REWRITE_FAILED;
  if (config->proxyMode == PROXY_SOCKET) return FORWARDED;
  __u32 port = 0;
  if (run->listener) {
    port = port_of(run->listener, run->packet.protocol);
    if (!port) return PROXY_UNAVAILABLE;
  }
  if (config->proxyMode == PROXY_TPROXY)
    skb->mark = port << 16 | PROXY_MARK;
  else if (port)
    return lead_to_port(skb, run, port);
  return FORWARDED;
}

/* A packet that was prepared, straight into the proxy's namespace: from a device's ingress. */
static __always_inline int deliver_to_proxy(const struct run *run,
                                            const struct plumb_config *config) {
  if (config->proxyMode == PROXY_TPROXY) return bpf_redirect(run->proxy, BPF_F_INGRESS);
  return bpf_redirect_peer(run->proxy, 0);
}

/* The same from a device's egress. */
static __always_inline int send_to_proxy(const struct run *run, const struct plumb_config *config) {
  return bpf_redirect(run->proxy, config->proxyMode == PROXY_TPROXY ? BPF_F_INGRESS : 0);
}

/* Whether the packet is on its way to the proxy, in the node's own namespace. */
static __always_inline int is_for_proxy(const struct __sk_buff *skb,
                                        const struct plumb_config *config) {
  return config->proxyMode == PROXY_TPROXY && (skb->mark & PROXY_MARK_MASK) == PROXY_MARK;
}
