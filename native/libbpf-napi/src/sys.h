#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <functional>
#include <string>

#include "outcome.h"

namespace bpf {

/** The size of the attributes that this package fills in; the kernel takes shorter ones than its
 * own. */
constexpr unsigned ATTRIBUTES = 152;

/** bpf(2) attributes with room for fields that are younger than the headers this is built with. */
union Attributes {
  bpf_attr attr;
  uint8_t raw[ATTRIBUTES];
};

/** bpf(2): a result, or -1 with errno. EAGAIN of a load that a signal broke off is repeated. */
int sys(int command, Attributes &attributes);

/** A file descriptor and what became of making it. */
struct Opened {
  Outcome outcome;
  int fd = -1;
};

/** Runs `work` on a thread of its own inside the namespace at `netns`; in this one when that is
 * empty. */
Outcome inNetns(const std::string &netns, const std::function<Outcome()> &work);

} // namespace bpf
