#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>

#include "status.h"

namespace nl {

/** A socket of both families: IPv4 addresses are mapped. Ports are in the order of the network. */
struct InetSocketSpec {
  std::string netns;
  bool stream = false;
  sockaddr_in6 source{};
  /** Connected to it; a stream may still be connecting when the socket is given back. */
  std::optional<sockaddr_in6> destination;
  /** The only device it sends and receives through; empty: any. */
  std::string device;
  /** SO_MARK, which what it accepts has, too; 0: none. */
  int mark = 0;
  /** Connections that wait to be accepted; 0: it does not listen. */
  int backlog = 0;
};

struct OpenedSocket {
  Status status;
  int fd = -1;
};

/** A transparent socket: its address need not be one of the namespace's. Non-blocking, CLOEXEC. */
OpenedSocket openInetSocket(const InetSocketSpec &spec);

/** `bytes`: 16 in network order. */
sockaddr_in6 socketAddress(const uint8_t *bytes, uint16_t port);

} // namespace nl
