// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "maps.h"

/* What is known of the endpoint behind a device, or none: a program that serves all looks it up. */
static __always_inline const struct plumb_device *device_of(struct __sk_buff *skb) {
  __u32 slot = skb->ifindex - IFINDEX_BASE;
  const struct plumb_device *device = bpf_map_lookup_elem(&plumb_devices, &slot);

  return device && device->identity ? device : 0;
}
