#pragma once

#include <string>

#include "status.h"

namespace nl {

struct NftResult {
  Status status;
  std::string output;
};

/** Runs JSON commands through libnftables in a namespace. On failure status.step is its error text.
 */
NftResult runNft(const std::string &netns, const std::string &json, bool echo);

} // namespace nl
