#include "sys.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

namespace bpf {

int sys(int command, Attributes &attributes) {
  int result = 0;
  do {
    result = static_cast<int>(syscall(__NR_bpf, command, &attributes, sizeof(attributes)));
  } while (result < 0 && errno == EAGAIN && command == BPF_PROG_LOAD);
  return result;
}

Outcome inNetns(const std::string &netns, const std::function<Outcome()> &work) {
  if (netns.empty()) return work();
  Outcome outcome;
  // A pool thread that changed its namespace would stay there for whatever runs on it next.
  std::thread thread([&] {
    const int fd = open(netns.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      outcome = Outcome::failed("open " + netns);
      return;
    }
    outcome = setns(fd, CLONE_NEWNET) < 0 ? Outcome::failed("setns " + netns) : work();
    close(fd);
  });
  thread.join();
  return outcome;
}

} // namespace bpf
