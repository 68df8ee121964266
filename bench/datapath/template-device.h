// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * In place of include/device.h: the program of one endpoint, whose data is substituted into .rodata
 * before it is loaded, as a template's would be.
 */
#pragma once

#include "maps.h"

const volatile struct plumb_device template_device = {};

static __always_inline const struct plumb_device *device_of(struct __sk_buff *skb) {
  const struct plumb_device *device = (const struct plumb_device *)&template_device;

  /* What is zero here is not when it is loaded. */
  asm volatile("" : "+r"(device));
  return skb->ifindex ? device : 0;
}
