// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* BTF has what maps and functions are made of; this is what else is compared with user space. */
#pragma once

#include "layout.h"
#include "layout-flows.h"
#include "layout-policy.h"
#include "layout-reports.h"
#include "layout-services.h"
#include "reasons.h"

struct also_in_btf {
  struct plumb_event_bytes record;
  enum config_flag configFlag;
  enum counter counter;
  enum device_number deviceNumber;
  enum direction direction;
  enum endpoint_flag endpointFlag;
  enum entry_flag entryFlag;
  enum event_size eventSize;
  enum identity identity;
  enum listener_bits listenerBits;
  enum peer_flag peerFlag;
  enum program program;
  enum proxy_mark proxyMark;
  enum proxy_mode proxyMode;
  enum reason reason;
  enum service_flag serviceFlag;
  enum service_scope serviceScope;
  enum verdict verdict;
};
const struct also_in_btf *also_in_btf __attribute__((unused));
