#include "read.h"

#include <fcntl.h>

#include "fd.h"
#include "netns.h"

namespace nl {

namespace {

std::string readWhole(const std::string &path) {
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[16384];
  while (file.valid()) {
    const ssize_t length = read(file.get(), buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    text.append(buffer, static_cast<size_t>(length));
  }
  return text;
}

} // namespace

ReadResult readInNetns(const std::string &netns, const std::vector<std::string> &paths) {
  ReadResult result;
  onPrivateThread([&] {
    result.status = enterNetns(netns);
    if (result.status.error != 0) return;
    for (const std::string &path : paths)
      result.texts.push_back(readWhole(path));
  });
  return result;
}

} // namespace nl
