#pragma once

#include <vector>

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

/** Ends what a link attaches at once, whoever still holds the link. */
Outcome detach(int link);

struct Attached {
  Outcome outcome;
  std::vector<uint32_t> programs;
};

/** Numbers of the programs at a device's tcx hook, first to last. */
Attached queryTcx(uint32_t ifindex, bool ingress, const std::string &netns);

} // namespace bpf
