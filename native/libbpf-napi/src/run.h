#pragma once

#include <cstdint>
#include <vector>

#include "outcome.h"

namespace bpf {

struct RunRequest {
  int fd;
  std::vector<Bytes> packets;
  /** One for each packet, or none; numbers of devices in `netns`. */
  std::vector<uint32_t> ifindexes;
  uint32_t ingressIfindex = 0;
  uint32_t mark = 0;
  uint32_t repeat = 0;
  std::string netns;
};

struct RunResult {
  Outcome outcome;
  std::vector<int32_t> retvals;
  std::vector<uint32_t> durations;
  /** Output of the last packet, and its mark. */
  Bytes data;
  uint32_t mark = 0;
};

/** BPF_PROG_TEST_RUN of every packet in order, on one thread. */
RunResult testRun(const RunRequest &request);

} // namespace bpf
