#include "bpffs.h"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <filesystem>

namespace bpf {

bool isBpffs(const std::string &path) {
  struct statfs info{};
  return statfs(path.c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

Outcome mountBpffs(const std::string &path) {
  if (isBpffs(path)) return {};
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Outcome::failed("mkdir " + path, error.value());
  if (mount("bpf", path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0) {
    return Outcome::failed("mount bpf at " + path);
  }
  return {};
}

} // namespace bpf
