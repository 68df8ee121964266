// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Written into .rodata before the program is loaded; the verifier deletes what is switched off. */
#pragma once

#include <linux/types.h>

/* First bytes of the SHA-256 of the object file: which build a loaded program is of. */
const volatile __u8 plumb_build[8] = {};

const volatile __u8 feature_ipv6 = 1;
const volatile __u8 feature_events = 1;
const volatile __u8 feature_metrics = 1;
const volatile __u8 feature_proxy = 1;
const volatile __u8 feature_services = 1;
const volatile __u8 feature_tunnel = 1;
