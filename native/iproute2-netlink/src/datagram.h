#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace nl {

struct Datagram {
  int error = 0;
  std::vector<uint8_t> data;
  sockaddr_in6 source{};
  /** Where it was sent to, whoever that is. */
  sockaddr_in6 destination{};
};

/** The next that waits; EAGAIN if none does. */
Datagram receiveDatagram(int fd);

/** From any address, and the socket's own port. Errno, or 0. */
int sendDatagram(int fd, const std::vector<uint8_t> &data, const std::optional<in6_addr> &from,
                 const sockaddr_in6 &to);

/** To whom the socket is connected. Errno, or 0. */
int sendConnected(int fd, const std::vector<uint8_t> &data);

} // namespace nl
