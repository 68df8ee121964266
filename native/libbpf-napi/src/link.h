#pragma once

#include "sys.h"

namespace bpf {

/** bpf_attach_type of what the headers of Debian 12 do not know yet. */
constexpr uint32_t TCX_INGRESS = 46;
constexpr uint32_t TCX_EGRESS = 47;

/** A link from a program to a device, inside the namespace that the device is in. */
Opened linkTcx(int program, uint32_t ifindex, bool ingress, const std::string &netns);
/** A link from an SK_LOOKUP program to a network namespace; to this one when `netns` is empty. */
Opened linkSkLookup(int program, const std::string &netns);
/** A link to a cgroup v2 directory, of the attach type that the program was loaded for. */
Opened linkCgroup(int program, const std::string &cgroup, uint32_t attachType);

} // namespace bpf
