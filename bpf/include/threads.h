// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which of a listener's sockets a connection is for. Each of the proxy's two threads has one, and
 * CPUs of its own to run on: a connection stays with the thread of the CPU that it came in on,
 * which then need not wake another CPU.
 */
#pragma once

#include "maps.h"
#include <bpf/bpf_core_read.h>

/* Where so many connections wait a thread has more to do than it can: the other may have less. */
#define MANY_WAIT 8

/* What is read of the kernel's: its length of the queue of accept(2). */
struct sock {
  __u32 sk_ack_backlog;
} __attribute__((preserve_access_index));

static __always_inline struct bpf_sock *socket_at(__u32 key) {
  return bpf_map_lookup_elem(&plumb_listeners, &key);
}

static __always_inline __u32 waiting_at(struct bpf_sock *socket) {
  const struct sock *sock = (const struct sock *)bpf_skc_to_tcp_sock(socket);

  return sock ? sock->sk_ack_backlog : 0;
}

/* Release it. */
static __always_inline struct bpf_sock *socket_of_thread(__u32 listener) {
  __u32 thread = bpf_get_smp_processor_id() & 1 ? LISTENER_SECOND : 0;
  struct bpf_sock *own = socket_at(listener | thread);
  __u32 waiting = own ? waiting_at(own) : 0;

  if (own && waiting < MANY_WAIT) return own;
  struct bpf_sock *other = socket_at(listener | (thread ^ LISTENER_SECOND));
  if (!own || !other) return own ? own : other;
  if (waiting_at(other) < waiting) {
    bpf_sk_release(own);
    /* Without it the compiler asks twice, and the verifier takes the two answers for different. */
    barrier();
    return other;
  }
  bpf_sk_release(other);
  return own;
}
