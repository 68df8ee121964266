#pragma once

#include <string>

#include "status.h"

namespace nl {

struct NftResult {
  Status status;
  /** JSON, or nothing. */
  std::string output;
  /** What libnftables says is wrong; empty if it was not even reached. */
  std::string complaint;
};

/** Runs JSON commands through libnftables in a namespace. */
NftResult runNft(const std::string &netns, const std::string &json, bool echo);

} // namespace nl
