#include "inet_socket.h"

#include <sys/socket.h>

#include <cstring>

#include "fd.h"
#include "netns.h"

namespace nl {

namespace {

bool enable(int fd, int level, int option, int value = 1) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/** An answer that comes to a socket of both families is of one; either may say where it went. */
bool tellDestinations(int fd) {
  return enable(fd, SOL_IP, IP_RECVORIGDSTADDR) && enable(fd, SOL_IPV6, IPV6_RECVORIGDSTADDR);
}

bool setOptions(int fd, const InetSocketSpec &spec) {
  if (!enable(fd, SOL_IPV6, IPV6_V6ONLY, 0) || !enable(fd, SOL_IP, IP_TRANSPARENT) ||
      !enable(fd, SOL_IPV6, IPV6_TRANSPARENT)) {
    return false;
  }
  if (!spec.stream && !tellDestinations(fd)) return false;
  // a datagram socket that may be shared would be given a port that is taken
  if ((spec.stream || !spec.destination) && !enable(fd, SOL_SOCKET, SO_REUSEADDR)) return false;
  // for a stream a port is enough that is free for this destination
  return !spec.stream || !spec.destination || enable(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT);
}

Status prepare(int fd, const InetSocketSpec &spec) {
  if (!setOptions(fd, spec)) return Status::failed("set options");
  const std::string &device = spec.device;
  if (!device.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                    static_cast<socklen_t>(device.size() + 1)) != 0) {
    return Status::failed("bind to " + device);
  }
  if (spec.mark != 0 && !enable(fd, SOL_SOCKET, SO_MARK, spec.mark)) return Status::failed("mark");
  const auto *source = reinterpret_cast<const sockaddr *>(&spec.source);
  if (bind(fd, source, sizeof spec.source) != 0) return Status::failed("bind");
  if (spec.destination) {
    const auto *destination = reinterpret_cast<const sockaddr *>(&*spec.destination);
    if (connect(fd, destination, sizeof *spec.destination) != 0 && errno != EINPROGRESS) {
      return Status::failed("connect");
    }
  }
  if (spec.backlog > 0 && listen(fd, spec.backlog) != 0) return Status::failed("listen");
  return {};
}

} // namespace

OpenedSocket openInetSocket(const InetSocketSpec &spec) {
  OpenedSocket opened;
  onPrivateThread([&] {
    opened.status = enterNetns(spec.netns);
    if (opened.status.error != 0) return;
    const int type = (spec.stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    Fd fd(socket(AF_INET6, type, 0));
    opened.status = fd.valid() ? prepare(fd.get(), spec) : Status::failed("socket");
    if (opened.status.error == 0) opened.fd = fd.release();
  });
  return opened;
}

sockaddr_in6 socketAddress(const uint8_t *bytes, uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, bytes, sizeof address.sin6_addr);
  return address;
}

} // namespace nl
