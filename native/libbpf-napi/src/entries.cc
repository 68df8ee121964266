#include "entries.h"

#include <algorithm>
#include <unordered_set>

#include "sys.h"

namespace bpf {

namespace {

/** ENOTSUPP of the kernel, which user space has no name for. */
constexpr int KERNEL_ENOTSUPP = 524;
constexpr uint32_t BATCH = 4096;
constexpr int SPACE_TRIES = 24;

bool hasNoBatch(int error) {
  return error == EINVAL || error == EOPNOTSUPP || error == KERNEL_ENOTSUPP;
}

__u64 pointer(const void *data) {
  return reinterpret_cast<__u64>(data);
}

int element(int command, const MapShape &map, const void *key, const void *value, uint64_t flags) {
  Attributes a{};
  a.attr.map_fd = static_cast<__u32>(map.fd);
  a.attr.key = pointer(key);
  a.attr.value = pointer(value);
  a.attr.flags = flags;
  return sys(command, a);
}

/** One batch call; `count` is how many were meant, then how many were done. */
int batch(int command, const MapShape &map, const void *keys, const void *values, uint32_t &count,
          void *in = nullptr, void *out = nullptr) {
  Attributes a{};
  a.attr.batch.map_fd = static_cast<__u32>(map.fd);
  a.attr.batch.keys = pointer(keys);
  a.attr.batch.values = pointer(values);
  a.attr.batch.count = count;
  a.attr.batch.in_batch = pointer(in);
  a.attr.batch.out_batch = pointer(out);
  const int result = sys(command, a);
  // A call that the kernel does not know leaves the count as it was: nothing was done.
  count = result < 0 && hasNoBatch(errno) ? 0 : a.attr.batch.count;
  return result;
}

Entries dumpOneByOne(const MapShape &map) {
  Entries entries;
  Bytes key(map.keySize), next(map.keySize), value(map.valueSize);
  std::unordered_set<std::string> seen;
  const void *from = nullptr;
  while (element(BPF_MAP_GET_NEXT_KEY, map, from, next.data(), 0) == 0) {
    key = next;
    from = key.data();
    // A key that vanished restarts the walk, so what was seen must not be taken again.
    if (!seen.emplace(key.begin(), key.end()).second) continue;
    if (element(BPF_MAP_LOOKUP_ELEM, map, key.data(), value.data(), 0) < 0) {
      if (errno == ENOENT) continue;
      entries.outcome = Outcome::failed("BPF_MAP_LOOKUP_ELEM");
      return entries;
    }
    entries.keys.insert(entries.keys.end(), key.begin(), key.end());
    entries.values.insert(entries.values.end(), value.begin(), value.end());
    entries.count++;
  }
  if (errno != ENOENT) entries.outcome = Outcome::failed("BPF_MAP_GET_NEXT_KEY");
  return entries;
}

} // namespace

Outcome lookup(const MapShape &map, const uint8_t *key, uint8_t *value) {
  return element(BPF_MAP_LOOKUP_ELEM, map, key, value, 0) < 0
             ? Outcome::failed("BPF_MAP_LOOKUP_ELEM")
             : Outcome{};
}

Outcome update(const MapShape &map, const uint8_t *key, const uint8_t *value, uint64_t flags) {
  return element(BPF_MAP_UPDATE_ELEM, map, key, value, flags) < 0
             ? Outcome::failed("BPF_MAP_UPDATE_ELEM")
             : Outcome{};
}

Outcome remove(const MapShape &map, const uint8_t *key) {
  return element(BPF_MAP_DELETE_ELEM, map, key, nullptr, 0) < 0
             ? Outcome::failed("BPF_MAP_DELETE_ELEM")
             : Outcome{};
}

Outcome updateBatch(const MapShape &map, const Bytes &keys, const Bytes &values, uint32_t count) {
  uint32_t done = 0;
  while (done < count) {
    uint32_t part = std::min(BATCH, count - done);
    const int result = batch(BPF_MAP_UPDATE_BATCH, map, keys.data() + size_t(done) * map.keySize,
                             values.data() + size_t(done) * map.valueSize, part);
    if (result < 0 && !(part == 0 && hasNoBatch(errno))) {
      return Outcome::failed("BPF_MAP_UPDATE_BATCH");
    }
    if (result < 0) break;
    done += part;
  }
  for (; done < count; done++) {
    Outcome outcome = update(map, keys.data() + size_t(done) * map.keySize,
                             values.data() + size_t(done) * map.valueSize, BPF_ANY);
    if (outcome.error != 0) return outcome;
  }
  return {};
}

Outcome removeBatch(const MapShape &map, const Bytes &keys, uint32_t count) {
  // One by one: a batch stops at the first key that is not there and does not tell it from a
  // failure.
  for (uint32_t i = 0; i < count; i++) {
    Outcome outcome = remove(map, keys.data() + size_t(i) * map.keySize);
    if (outcome.error != 0 && outcome.error != ENOENT) return outcome;
  }
  return {};
}

Entries dump(const MapShape &map) {
  Entries entries;
  Bytes cursor(std::max<size_t>(map.keySize, 8)), next(cursor.size());
  bool first = true;
  uint32_t space = BATCH;
  for (int tries = 0;;) {
    const size_t before = entries.count;
    entries.keys.resize((before + space) * map.keySize);
    entries.values.resize((before + space) * map.valueSize);
    uint32_t part = space;
    const int result = batch(BPF_MAP_LOOKUP_BATCH, map, entries.keys.data() + before * map.keySize,
                             entries.values.data() + before * map.valueSize, part,
                             first ? nullptr : cursor.data(), next.data());
    const int error = result < 0 ? errno : 0;
    if (first && hasNoBatch(error)) return dumpOneByOne(map);
    // A bucket of a hash that does not fit: more room, from the same place.
    if (error == ENOSPC && part == 0 && tries++ < SPACE_TRIES) {
      space *= 2;
      continue;
    }
    if (error != 0 && error != ENOENT) {
      entries.outcome = Outcome::failed("BPF_MAP_LOOKUP_BATCH", error);
      return entries;
    }
    entries.count += part;
    first = false;
    std::swap(cursor, next);
    if (error == ENOENT) break;
  }
  entries.keys.resize(size_t(entries.count) * map.keySize);
  entries.values.resize(size_t(entries.count) * map.valueSize);
  return entries;
}

} // namespace bpf
