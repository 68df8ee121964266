#include "info.h"

#include <cstdio>
#include <fstream>

namespace bpf {

namespace {

Opened opened(const char *call, int fd) {
  return {fd < 0 ? Outcome::failed(call) : Outcome{}, fd};
}

template <typename Result> Outcome describe(int fd, Result &result) {
  Attributes a{};
  a.attr.info.bpf_fd = static_cast<__u32>(fd);
  a.attr.info.info_len = sizeof(result);
  a.attr.info.info = reinterpret_cast<__u64>(&result);
  return sys(BPF_OBJ_GET_INFO_BY_FD, a) < 0 ? Outcome::failed("BPF_OBJ_GET_INFO_BY_FD") : Outcome{};
}

int fdOf(const Napi::CallbackInfo &info) {
  return info[0].As<Napi::Number>().Int32Value();
}

/** The kernel tells only in /proc whether a map is frozen. */
bool isFrozen(int fd) {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(file, line);) {
    int frozen = 0;
    if (sscanf(line.c_str(), "frozen: %d", &frozen) == 1) return frozen != 0;
  }
  return false;
}

int commandOf(const std::string &kind, int program, int map, int link, int btf) {
  if (kind == "program") return program;
  if (kind == "map") return map;
  return kind == "link" ? link : btf;
}

} // namespace

Opened createMap(const MapRequest &request) {
  Attributes a{};
  a.attr.map_type = request.type;
  a.attr.key_size = request.keySize;
  a.attr.value_size = request.valueSize;
  a.attr.max_entries = request.maxEntries;
  a.attr.map_flags = request.flags;
  snprintf(a.attr.map_name, sizeof(a.attr.map_name), "%s", request.name.c_str());
  return opened("BPF_MAP_CREATE", sys(BPF_MAP_CREATE, a));
}

Opened openPinned(const std::string &path) {
  Attributes a{};
  a.attr.pathname = reinterpret_cast<__u64>(path.c_str());
  return opened("BPF_OBJ_GET", sys(BPF_OBJ_GET, a));
}

Opened openId(const std::string &kind, uint32_t id) {
  Attributes a{};
  a.attr.start_id = id;
  return opened("BPF_GET_FD_BY_ID", sys(commandOf(kind, BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID,
                                                  BPF_LINK_GET_FD_BY_ID, BPF_BTF_GET_FD_BY_ID),
                                        a));
}

Outcome nextId(const std::string &kind, uint32_t id, uint32_t &next) {
  Attributes a{};
  a.attr.start_id = id;
  const int command = commandOf(kind, BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID,
                                BPF_LINK_GET_NEXT_ID, BPF_BTF_GET_NEXT_ID);
  if (sys(command, a) < 0) return Outcome::failed("BPF_GET_NEXT_ID");
  next = a.attr.next_id;
  return {};
}

Outcome pin(int fd, const std::string &path) {
  Attributes a{};
  a.attr.pathname = reinterpret_cast<__u64>(path.c_str());
  a.attr.bpf_fd = static_cast<__u32>(fd);
  return sys(BPF_OBJ_PIN, a) < 0 ? Outcome::failed("BPF_OBJ_PIN") : Outcome{};
}

Outcome freeze(int fd) {
  Attributes a{};
  a.attr.map_fd = static_cast<__u32>(fd);
  return sys(BPF_MAP_FREEZE, a) < 0 ? Outcome::failed("BPF_MAP_FREEZE") : Outcome{};
}

Outcome updateLink(int link, int program) {
  Attributes a{};
  a.attr.link_update.link_fd = static_cast<__u32>(link);
  a.attr.link_update.new_prog_fd = static_cast<__u32>(program);
  return sys(BPF_LINK_UPDATE, a) < 0 ? Outcome::failed("BPF_LINK_UPDATE") : Outcome{};
}

Napi::Value mapInfoValue(const Napi::CallbackInfo &info) {
  bpf_map_info map{};
  auto object = outcomeObject(info.Env(), describe(fdOf(info), map));
  object.Set("id", map.id);
  object.Set("name", map.name);
  object.Set("type", map.type);
  object.Set("keySize", map.key_size);
  object.Set("valueSize", map.value_size);
  object.Set("maxEntries", map.max_entries);
  object.Set("flags", map.map_flags);
  object.Set("btfId", map.btf_id);
  object.Set("frozen", isFrozen(fdOf(info)));
  return object;
}

Napi::Value programInfoValue(const Napi::CallbackInfo &info) {
  bpf_prog_info first{};
  Outcome outcome = describe(fdOf(info), first);
  bpf_prog_info program{};
  std::vector<uint32_t> maps(first.nr_map_ids);
  program.nr_map_ids = first.nr_map_ids;
  program.map_ids = reinterpret_cast<__u64>(maps.data());
  if (outcome.error == 0) outcome = describe(fdOf(info), program);
  auto object = outcomeObject(info.Env(), outcome);
  object.Set("id", program.id);
  object.Set("name", program.name);
  object.Set("type", program.type);
  object.Set("tag", bufferOf(info.Env(), Bytes(program.tag, program.tag + sizeof(program.tag))));
  auto ids = Napi::Array::New(info.Env(), maps.size());
  for (uint32_t i = 0; i < maps.size(); i++)
    ids.Set(i, maps[i]);
  object.Set("mapIds", ids);
  object.Set("loadTime", Napi::BigInt::New(info.Env(), uint64_t(program.load_time)));
  object.Set("xlatedLength", program.xlated_prog_len);
  object.Set("verifiedInstructions", program.verified_insns);
  object.Set("btfId", program.btf_id);
  return object;
}

Napi::Value linkInfoValue(const Napi::CallbackInfo &info) {
  // Newer kernels say more than the headers know; what is of tcx stands where every type's own is.
  union {
    bpf_link_info link;
    struct {
      uint32_t head[4];
      uint32_t ifindex;
      uint32_t attachType;
    } tcx;
    uint8_t room[256];
  } all{};
  constexpr uint32_t tcxLink = 11;
  auto object = outcomeObject(info.Env(), describe(fdOf(info), all));
  object.Set("id", all.link.id);
  object.Set("programId", all.link.prog_id);
  object.Set("type", all.link.type);
  if (all.link.type == tcxLink) object.Set("ifindex", all.tcx.ifindex);
  if (all.link.type == BPF_LINK_TYPE_CGROUP) {
    object.Set("cgroupId", Napi::BigInt::New(info.Env(), uint64_t(all.link.cgroup.cgroup_id)));
  }
  if (all.link.type == BPF_LINK_TYPE_NETNS) object.Set("netnsInode", all.link.netns.netns_ino);
  return object;
}

} // namespace bpf
