// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* Seconds of CLOCK_MONOTONIC. */
static __always_inline __u32 seconds(void) {
  return bpf_ktime_get_ns() / 1000000000ull;
}
