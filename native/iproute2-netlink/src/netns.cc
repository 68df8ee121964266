#include "netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ctime>

#include "fd.h"
#include "socket.h"

namespace nl {

namespace {

/** Names are mounts; shared, so that they are seen (and go away) in every mount namespace. */
Status shareDirectory(const std::string &directory) {
  if (mkdir(directory.c_str(), 0755) < 0 && errno != EEXIST) {
    return Status::failed("mkdir " + directory);
  }
  // ip(8) takes the same lock: two who bind the directory at a time would stack it
  Fd lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock.valid() || flock(lock.get(), LOCK_EX) < 0) return Status::failed("lock " + directory);
  if (mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) == 0) return {};
  if (errno != EINVAL) return Status::failed("share " + directory);
  if (mount(directory.c_str(), directory.c_str(), "none", MS_BIND | MS_REC, nullptr) < 0) {
    return Status::failed("bind " + directory);
  }
  if (mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) < 0) {
    return Status::failed("share " + directory);
  }
  return {};
}

/**
 * Whether the file is what a creator that died left, or a deleter. One with `mark` is of nobody at
 * work: who gives marks takes turns. Of others one that is at work now looks the same for some
 * microseconds, so only age tells.
 */
bool isLeftover(const std::string &path, const std::string &mark) {
  constexpr time_t kSecondsToMount = 5;
  struct statfs fs;
  struct stat file;
  if (statfs(path.c_str(), &fs) < 0 || fs.f_type == NSFS_MAGIC) return false;
  if (stat(path.c_str(), &file) < 0 || !S_ISREG(file.st_mode)) return false;
  if (file.st_size == 0) return time(nullptr) - file.st_mtime > kSecondsToMount;
  std::string text(mark.size() + 1, '\0');
  Fd opened(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t length = opened.valid() ? read(opened.get(), text.data(), text.size()) : -1;
  return length == static_cast<ssize_t>(mark.size()) && text.compare(0, mark.size(), mark) == 0;
}

/** Appears with the mark in it, or not at all: a kill leaves no file that nobody can tell whose it
 * is. */
Status makeMarkedFile(const std::string &directory, const std::string &path,
                      const std::string &mark) {
  Fd file(open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0));
  if (!file.valid()) return Status::failed("create " + path);
  if (write(file.get(), mark.data(), mark.size()) != static_cast<ssize_t>(mark.size())) {
    return Status::failed("mark " + path);
  }
  const std::string self = "/proc/thread-self/fd/" + std::to_string(file.get());
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) < 0) {
    return Status::failed("create " + path);
  }
  return {};
}

Status nameThisThreadsNetns(const std::string &directory, const std::string &path,
                            const std::string &mark) {
  Status made = makeMarkedFile(directory, path, mark);
  if (made.error == EEXIST && isLeftover(path, mark)) {
    unlink(path.c_str());
    made = makeMarkedFile(directory, path, mark);
  }
  if (made.error != 0) return made;
  if (mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr) < 0) {
    Status status = Status::failed("mount " + path);
    unlink(path.c_str());
    return status;
  }
  return {};
}

Status runSetup(const std::vector<uint8_t> &setup) {
  if (setup.empty()) return {};
  Socket socket;
  if (Status status = socket.open(""); status.error != 0) return status;
  const std::vector<Failure> failures = socket.transact(setup.data(), setup.size(), {0});
  if (failures.empty()) return {};
  return {failures[0].error, failures[0].extack.empty() ? "lo" : "lo: " + failures[0].extack};
}

} // namespace

Status enterNetns(const std::string &path) {
  if (path.empty()) return {};
  Fd netns(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns.valid()) return Status::failed("open " + path);
  if (setns(netns.get(), CLONE_NEWNET) < 0) return Status::failed("enter " + path);
  return {};
}

Status createNetns(const std::string &directory, const std::string &name,
                   const std::vector<uint8_t> &setup, const std::string &mark) {
  const std::string path = directory + "/" + name;
  if (Status status = shareDirectory(directory); status.error != 0) return status;
  Status status;
  onPrivateThread([&] {
    if (unshare(CLONE_NEWNET) < 0) {
      status = Status::failed("unshare");
      return;
    }
    status = runSetup(setup);
    if (status.error == 0) status = nameThisThreadsNetns(directory, path, mark);
  });
  return status;
}

Status deleteNetns(const std::string &path) {
  // EINVAL: a file that nothing is mounted on
  if (umount2(path.c_str(), MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT) {
    return Status::failed("unmount " + path);
  }
  if (unlink(path.c_str()) < 0) return Status::failed("unlink " + path);
  return {};
}

} // namespace nl
