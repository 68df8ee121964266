#pragma once

#include <napi.h>

#include "sys.h"

namespace bpf {

struct MapRequest {
  uint32_t type;
  std::string name;
  uint32_t keySize;
  uint32_t valueSize;
  uint32_t maxEntries;
  uint32_t flags;
};

Opened createMap(const MapRequest &request);
Opened openPinned(const std::string &path);
/** `kind` is program, map, link or btf. */
Opened openId(const std::string &kind, uint32_t id);
/** The next number after `id`; ENOENT behind the last. */
Outcome nextId(const std::string &kind, uint32_t id, uint32_t &next);
Outcome pin(int fd, const std::string &path);
Outcome freeze(int fd);
Outcome updateLink(int link, int program);

Napi::Value mapInfoValue(const Napi::CallbackInfo &info);
Napi::Value programInfoValue(const Napi::CallbackInfo &info);
Napi::Value linkInfoValue(const Napi::CallbackInfo &info);

} // namespace bpf
