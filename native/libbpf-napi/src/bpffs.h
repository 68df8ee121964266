#pragma once

#include "outcome.h"

namespace bpf {

bool isBpffs(const std::string &path);
/** Makes the directory, and mounts a bpffs there unless one is. */
Outcome mountBpffs(const std::string &path);

} // namespace bpf
