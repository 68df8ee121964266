#include "link.h"

#include <fcntl.h>
#include <unistd.h>

namespace bpf {

namespace {

Opened create(int program, uint32_t target, uint32_t attachType) {
  Attributes a{};
  a.attr.link_create.prog_fd = static_cast<__u32>(program);
  a.attr.link_create.target_fd = target;
  a.attr.link_create.attach_type = attachType;
  const int fd = sys(BPF_LINK_CREATE, a);
  return {fd < 0 ? Outcome::failed("BPF_LINK_CREATE") : Outcome{}, fd};
}

Opened createAt(const std::string &path, int program, uint32_t attachType) {
  const int target = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (target < 0) return {Outcome::failed("open " + path), -1};
  Opened opened = create(program, static_cast<uint32_t>(target), attachType);
  close(target);
  return opened;
}

Attached query(uint32_t ifindex, uint32_t attachType) {
  // Linux allows no more at one hook (BPF_MPROG_MAX).
  Attached attached{{}, std::vector<uint32_t>(64)};
  Attributes a{};
  a.attr.query.target_fd = ifindex;
  a.attr.query.attach_type = attachType;
  a.attr.query.prog_ids = reinterpret_cast<__u64>(attached.programs.data());
  a.attr.query.prog_cnt = static_cast<__u32>(attached.programs.size());
  if (sys(BPF_PROG_QUERY, a) < 0) return {Outcome::failed("BPF_PROG_QUERY"), {}};
  attached.programs.resize(a.attr.query.prog_cnt);
  return attached;
}

uint32_t tcxHook(bool ingress) {
  return ingress ? TCX_INGRESS : TCX_EGRESS;
}

} // namespace

Opened linkTcx(int program, uint32_t ifindex, bool ingress, const std::string &netns) {
  Opened opened;
  const Outcome outcome = inNetns(netns, [&] {
    // target_ifindex shares its place with target_fd.
    opened = create(program, ifindex, tcxHook(ingress));
    return opened.outcome;
  });
  opened.outcome = outcome;
  return opened;
}

Opened linkSkLookup(int program, const std::string &netns) {
  return createAt(netns.empty() ? "/proc/self/ns/net" : netns, program, BPF_SK_LOOKUP);
}

Opened linkCgroup(int program, const std::string &cgroup, uint32_t attachType) {
  return createAt(cgroup, program, attachType);
}

Outcome detach(int link) {
  Attributes a{};
  a.attr.link_detach.link_fd = static_cast<__u32>(link);
  return sys(BPF_LINK_DETACH, a) < 0 ? Outcome::failed("BPF_LINK_DETACH") : Outcome{};
}

Attached queryTcx(uint32_t ifindex, bool ingress, const std::string &netns) {
  Attached attached;
  attached.outcome = inNetns(netns, [&] {
    attached = query(ifindex, tcxHook(ingress));
    return attached.outcome;
  });
  return attached;
}

} // namespace bpf
