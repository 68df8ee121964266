// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What every packet costs before anything is asked about it: parsed, and let on. */
#include "include/parse.h"

SEC("tc")
int parse_only(struct __sk_buff *skb) {
  struct packet packet = {};

  return parse(skb, &packet) ? 2 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
