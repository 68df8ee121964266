#include "datagram.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace nl {

namespace {

constexpr size_t kLargest = 65536;

sockaddr_in6 mapped(const sockaddr_in &address) {
  sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  result.sin6_port = address.sin_port;
  result.sin6_addr.s6_addr[10] = result.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(&result.sin6_addr.s6_addr[12], &address.sin_addr, sizeof address.sin_addr);
  return result;
}

void readDestination(msghdr &message, sockaddr_in6 &destination) {
  for (cmsghdr *at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level == SOL_IPV6 && at->cmsg_type == IPV6_ORIGDSTADDR) {
      std::memcpy(&destination, CMSG_DATA(at), sizeof destination);
    } else if (at->cmsg_level == SOL_IP && at->cmsg_type == IP_ORIGDSTADDR) {
      sockaddr_in address;
      std::memcpy(&address, CMSG_DATA(at), sizeof address);
      destination = mapped(address);
    }
  }
}

} // namespace

Datagram receiveDatagram(int fd) {
  static thread_local std::vector<uint8_t> buffer(kLargest);
  Datagram datagram;
  alignas(cmsghdr) char control[256];
  iovec vector{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &datagram.source;
  message.msg_namelen = sizeof datagram.source;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length;
  do {
    length = recvmsg(fd, &message, MSG_DONTWAIT);
  } while (length < 0 && errno == EINTR);
  if (length < 0) {
    datagram.error = errno;
    return datagram;
  }
  datagram.data.assign(buffer.begin(), buffer.begin() + length);
  readDestination(message, datagram.destination);
  return datagram;
}

int sendDatagram(int fd, const std::vector<uint8_t> &data, const std::optional<in6_addr> &from,
                 const sockaddr_in6 &to) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
  iovec vector{const_cast<uint8_t *>(data.data()), data.size()};
  msghdr message{};
  message.msg_name = const_cast<sockaddr_in6 *>(&to);
  message.msg_namelen = sizeof to;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (from) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    // of a mapped address, too
    header->cmsg_level = SOL_IPV6;
    header->cmsg_type = IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
    const in6_pktinfo info{*from, 0};
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
  }
  while (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int sendConnected(int fd, const std::vector<uint8_t> &data) {
  while (send(fd, data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

} // namespace nl
