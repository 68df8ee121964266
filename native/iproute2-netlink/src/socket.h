#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fd.h"
#include "status.h"

namespace nl {

/** A message of a batch that was refused (or not sent, ECANCELED). */
struct Failure {
  size_t index;
  int error;
  std::string extack;
};

/** The messages that answered a query, one after the other as received. */
struct Reply {
  int error = 0;
  std::string extack;
  std::vector<uint8_t> messages;
};

/** An rtnetlink socket. Not for use by two threads at a time. */
class Socket {
public:
  /** Opens it in the namespace at `netns` (empty: the calling thread's) and stays there for good.
   */
  Status open(const std::string &netns);

  /**
   * Sends messages that ask for an acknowledgement and waits for all of these. `chained` has a byte
   * for each message: not 0 means that it is sent only if the one before succeeded, and else fails
   * with ECANCELED. Sequence numbers must be consecutive. Returns what failed, by index.
   */
  std::vector<Failure> transact(const uint8_t *data, size_t length,
                                const std::vector<uint8_t> &chained);

  /** Sends one request (a dump, or a get with NLM_F_ACK) and gathers the answer; repeats a torn
   * dump. */
  Reply query(const std::vector<uint8_t> &request);

private:
  int send(const uint8_t *data, size_t length);
  void receiveAcks(uint32_t firstSequence, size_t firstIndex, size_t count,
                   std::vector<Failure> &failures);
  bool receiveReply(uint32_t sequence, Reply &reply);

  Fd fd_;
  std::vector<uint8_t> buffer_;
};

} // namespace nl
