#pragma once

#include <cstdint>

#include "outcome.h"

namespace bpf {

/** What one call needs to know of a map. Sizes are those of one key and of one value as user space
 * sees it. */
struct MapShape {
  int fd;
  uint32_t keySize;
  uint32_t valueSize;
};

struct Entries {
  Outcome outcome;
  uint32_t count = 0;
  Bytes keys;
  Bytes values;
};

Outcome lookup(const MapShape &map, const uint8_t *key, uint8_t *value);
Outcome update(const MapShape &map, const uint8_t *key, const uint8_t *value, uint64_t flags);
Outcome remove(const MapShape &map, const uint8_t *key);

/** `count` entries, packed; one by one where the kernel has no batch for this type of map. */
Outcome updateBatch(const MapShape &map, const Bytes &keys, const Bytes &values, uint32_t count);
/** Keys that are not there are fine. */
Outcome removeBatch(const MapShape &map, const Bytes &keys, uint32_t count);

/** Every entry once. An entry that goes meanwhile may be missing, none is there twice. */
Entries dump(const MapShape &map);

} // namespace bpf
