#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outcome.h"

namespace bpf {

template <typename Value> using Named = std::vector<std::pair<std::string, Value>>;

struct LoadRequest {
  std::string path;
  Named<Bytes> rodata;
  Named<int> reuse;
  Named<uint32_t> maxEntries;
  /** Of the programs to load; empty: all. */
  std::set<std::string> programs;
};

/** File descriptors of everything in an object that was loaded; the object itself is gone. */
struct Loaded {
  Outcome outcome;
  Named<int> programs;
  Named<int> maps;
};

Loaded load(const LoadRequest &request);

struct Member {
  std::string name;
  uint32_t offset;
  uint32_t size;
};

struct Layout {
  Outcome outcome;
  uint32_t size = 0;
  std::vector<Member> fields;
};

/** Layout of a struct, union or typedef of either, out of the BTF of an object file. */
Layout layoutOf(const std::string &path, const std::string &name);

struct Enumeration {
  Outcome outcome;
  Named<double> values;
};

/** Constants of an enum of 32 bits, out of the BTF of an object file. */
Enumeration enumerationOf(const std::string &path, const std::string &name);

} // namespace bpf
