#include "object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <cstdarg>
#include <mutex>

namespace bpf {

namespace {

// libbpf has one print callback a process; loads take turns so that each gets its own messages.
std::mutex loading;
std::string messages;

int collect(enum libbpf_print_level level, const char *format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  char line[8192];
  const int length = vsnprintf(line, sizeof(line), format, arguments);
  if (length > 0 && messages.size() < (1U << 20)) messages += line;
  return length;
}

struct ObjectCloser {
  void operator()(bpf_object *object) const {
    bpf_object__close(object);
  }
};
using ObjectPointer = std::unique_ptr<bpf_object, ObjectCloser>;

Outcome failed(std::string call, int error = errno) {
  Outcome outcome = Outcome::failed(std::move(call), error < 0 ? -error : error);
  outcome.log = messages;
  return outcome;
}

Outcome setVariable(bpf_object *object, const std::string &name, const Bytes &bytes) {
  const std::string call = "set " + name;
  bpf_map *rodata = nullptr;
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string known = bpf_map__name(map);
    if (known.size() > 7 && known.compare(known.size() - 7, 7, ".rodata") == 0) rodata = map;
  }
  const btf *types = bpf_object__btf(object);
  if (rodata == nullptr || types == nullptr) return Outcome::failed(call, ENOENT);
  const int id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  if (id < 0) return Outcome::failed(call, ENOENT);
  const btf_type *section = btf__type_by_id(types, static_cast<__u32>(id));
  const btf_var_secinfo *variable = btf_var_secinfos(section);
  for (int i = 0; i < btf_vlen(section); i++, variable++) {
    const btf_type *type = btf__type_by_id(types, variable->type);
    if (name != btf__name_by_offset(types, type->name_off)) continue;
    if (variable->size != bytes.size()) return Outcome::failed(call, EMSGSIZE);
    size_t size = 0;
    void *value = const_cast<void *>(bpf_map__initial_value(rodata, &size));
    if (value == nullptr || variable->offset + bytes.size() > size) {
      return Outcome::failed(call, ERANGE);
    }
    memcpy(static_cast<uint8_t *>(value) + variable->offset, bytes.data(), bytes.size());
    return {};
  }
  return Outcome::failed(call, ENOENT);
}

/** Without names all are wanted. */
Outcome choosePrograms(bpf_object *object, const std::set<std::string> &names) {
  size_t found = 0;
  bpf_program *program = nullptr;
  bpf_object__for_each_program(program, object) {
    const bool isWanted = names.empty() || names.count(bpf_program__name(program)) != 0;
    if (isWanted) found++;
    bpf_program__set_autoload(program, isWanted);
  }
  return names.empty() || found == names.size() ? Outcome{} : failed("find programs", ENOENT);
}

Outcome prepare(bpf_object *object, const LoadRequest &request) {
  Outcome chosen = choosePrograms(object, request.programs);
  if (chosen.error != 0) return chosen;
  for (const auto &[name, bytes] : request.rodata) {
    Outcome outcome = setVariable(object, name, bytes);
    if (outcome.error != 0) return outcome;
  }
  for (const auto &[name, entries] : request.maxEntries) {
    bpf_map *map = bpf_object__find_map_by_name(object, name.c_str());
    if (map == nullptr) return failed("find map " + name, ENOENT);
    if (const int error = bpf_map__set_max_entries(map, entries)) {
      return failed("set max_entries of " + name, error);
    }
  }
  for (const auto &[name, fd] : request.reuse) {
    bpf_map *map = bpf_object__find_map_by_name(object, name.c_str());
    if (map == nullptr) return failed("find map " + name, ENOENT);
    if (const int error = bpf_map__reuse_fd(map, fd)) return failed("reuse map " + name, error);
  }
  return {};
}

int duplicate(int fd) {
  return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

} // namespace

Loaded load(const LoadRequest &request) {
  const std::lock_guard<std::mutex> turn(loading);
  messages.clear();
  libbpf_set_print(collect);
  Loaded loaded;
  errno = 0;
  const ObjectPointer object(bpf_object__open_file(request.path.c_str(), nullptr));
  if (!object) {
    loaded.outcome = failed("open " + request.path);
    return loaded;
  }
  loaded.outcome = prepare(object.get(), request);
  if (loaded.outcome.error != 0) return loaded;
  if (const int error = bpf_object__load(object.get())) {
    loaded.outcome = failed("load " + request.path, error);
    return loaded;
  }
  bpf_program *program = nullptr;
  bpf_object__for_each_program(program, object.get()) {
    if (!bpf_program__autoload(program)) continue;
    loaded.programs.emplace_back(bpf_program__name(program), duplicate(bpf_program__fd(program)));
  }
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    loaded.maps.emplace_back(bpf_map__name(map), duplicate(bpf_map__fd(map)));
  }
  return loaded;
}

namespace {

/** Follows typedefs and qualifiers. */
const btf_type *resolved(const btf *types, const btf_type *type) {
  while (btf_is_mod(type) || btf_is_typedef(type))
    type = btf__type_by_id(types, type->type);
  return type;
}

} // namespace

Layout layoutOf(const std::string &path, const std::string &name) {
  Layout layout;
  btf *types = btf__parse(path.c_str(), nullptr);
  if (types == nullptr) {
    layout.outcome = Outcome::failed("parse BTF of " + path);
    return layout;
  }
  int id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_STRUCT);
  if (id < 0) id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_UNION);
  if (id < 0) id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) {
    layout.outcome = Outcome::failed("find " + name + " in BTF", ENOENT);
  } else {
    const btf_type *type = resolved(types, btf__type_by_id(types, static_cast<__u32>(id)));
    layout.size = static_cast<uint32_t>(btf__resolve_size(types, static_cast<__u32>(id)));
    if (btf_is_composite(type)) {
      const btf_member *member = btf_members(type);
      for (int i = 0; i < btf_vlen(type); i++, member++) {
        layout.fields.push_back({btf__name_by_offset(types, member->name_off),
                                 btf_member_bit_offset(type, static_cast<__u32>(i)) / 8,
                                 static_cast<uint32_t>(btf__resolve_size(types, member->type))});
      }
    }
  }
  btf__free(types);
  return layout;
}

Enumeration enumerationOf(const std::string &path, const std::string &name) {
  Enumeration enumeration;
  btf *types = btf__parse(path.c_str(), nullptr);
  if (types == nullptr) {
    enumeration.outcome = Outcome::failed("parse BTF of " + path);
    return enumeration;
  }
  const int id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_ENUM);
  if (id < 0) {
    enumeration.outcome = Outcome::failed("find enum " + name + " in BTF", ENOENT);
  } else {
    const btf_type *type = btf__type_by_id(types, static_cast<__u32>(id));
    const struct btf_enum *value = btf_enum(type);
    for (int i = 0; i < btf_vlen(type); i++, value++) {
      enumeration.values.emplace_back(
          btf__name_by_offset(types, value->name_off),
          btf_kflag(type) ? value->val : static_cast<double>(static_cast<__u32>(value->val)));
    }
  }
  btf__free(types);
  return enumeration;
}

} // namespace bpf
