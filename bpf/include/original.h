// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Mode nat: for processes of the proxy's cgroup a connection's own port is the one that its client
 * asked for. SO_ORIGINAL_DST would tell as much, but HAProxy asks for it of IPv4 sockets only.
 */
#pragma once

#include "maps.h"
#include <bpf/bpf_endian.h>

SEC("cgroup/getsockname6")
int original_destination(struct bpf_sock_addr *name) {
  struct bpf_sock *socket = name->sk;

  if (!socket || socket->protocol != TCP) return 1;
  struct plumb_redirect_key key = {
      .clientPort = socket->dst_port,
      .port = bpf_htons(socket->src_port),
      .protocol = TCP,
  };
#pragma unroll
  for (int i = 0; i < 4; i++) {
    key.client.words[i] = socket->dst_ip6[i];
    key.server.words[i] = socket->src_ip6[i];
  }
  const struct plumb_redirect *asked = bpf_map_lookup_elem(&plumb_redirects, &key);
  if (asked) name->user_port = asked->port;
  return 1;
}
