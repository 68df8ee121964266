#pragma once

#include <string>
#include <vector>

#include "status.h"

namespace nl {

struct ReadResult {
  Status status;
  /** One for each path; a file that cannot be read is empty. */
  std::vector<std::string> texts;
};

/** Reads files whose contents depend on the namespace of the reader (/proc/sys/net, /proc/net). */
ReadResult readInNetns(const std::string &netns, const std::vector<std::string> &paths);

/** Writes such a file in one call. */
Status writeInNetns(const std::string &netns, const std::string &path, const std::string &text);

} // namespace nl
