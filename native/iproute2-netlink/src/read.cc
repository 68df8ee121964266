#include "read.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

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

int writeWhole(const std::string &path, const std::string &text) {
  Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return errno;
  // A setting takes what one call brings.
  const ssize_t length = write(file.get(), text.data(), text.size());
  if (length < 0) return errno;
  return static_cast<size_t>(length) == text.size() ? 0 : EIO;
}

} // namespace

Status writeInNetns(const std::string &netns, const std::string &path, const std::string &text) {
  Status status;
  onPrivateThread([&] {
    status = enterNetns(netns);
    if (status.error == 0) status = {writeWhole(path, text), path};
  });
  return status;
}

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
