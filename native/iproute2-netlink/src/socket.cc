#include "socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

#include "ack.h"
#include "netns.h"

namespace nl {

namespace {

constexpr int kReceiveBuffer = 8 << 20;
constexpr int kSendBuffer = 1 << 20;
// The kernel carries out a burst within sendmsg(), so all its acknowledgements (about 1 kB each as
// the receive buffer counts) must fit into the buffer together.
constexpr size_t kBurstMessages = 1024;
constexpr size_t kBurstBytes = 128 << 10;
constexpr size_t kAckSlots = 64;
constexpr size_t kAckBytes = 4096;
constexpr size_t kReplyBytes = 256 << 10;
constexpr int kDumpTries = 20;

Status openHere(Fd &fd) {
  fd = Fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return Status::failed("netlink socket");
  const int on = 1;
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    if (setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof on) < 0) {
      return Status::failed("netlink socket option");
    }
  }
  // the forced sizes need CAP_NET_ADMIN; a reader without it lives with the limit
  const int receive = kReceiveBuffer, send = kSendBuffer;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof receive) < 0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
  }
  if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &send, sizeof send) < 0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &send, sizeof send);
  }
  // the kernel answers at once; a lost answer must be an error, never a hang
  const timeval patience{10, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) < 0) {
    return Status::failed("netlink bind");
  }
  return {};
}

const nlmsghdr *headerAt(const uint8_t *data) {
  return reinterpret_cast<const nlmsghdr *>(data);
}

} // namespace

Status Socket::open(const std::string &netns) {
  if (netns.empty()) return openHere(fd_);
  Status status;
  onPrivateThread([&] {
    status = enterNetns(netns);
    if (status.error == 0) status = openHere(fd_);
  });
  return status;
}

int Socket::send(const uint8_t *data, size_t length) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    if (sendto(fd_.get(), data, length, 0, reinterpret_cast<sockaddr *>(&kernel), sizeof kernel) >=
        0) {
      return 0;
    }
    if (errno != EINTR) return errno;
  }
}

std::vector<Failure> Socket::transact(const uint8_t *data, size_t length,
                                      const std::vector<uint8_t> &chained) {
  std::vector<Failure> failures;
  const auto failed = [&](size_t index) {
    return !failures.empty() && failures.back().index == index;
  };
  size_t offset = 0;
  const auto next = [&] { offset += NLMSG_ALIGN(headerAt(data + offset)->nlmsg_len); };
  for (size_t index = 0; index < chained.size();) {
    if (chained[index] != 0 && index > 0 && failed(index - 1)) {
      failures.push_back({index++, ECANCELED, {}});
      next();
      continue;
    }
    const size_t start = offset, first = index;
    do {
      next();
      ++index;
    } while (index < chained.size() && chained[index] == 0 && index - first < kBurstMessages &&
             offset - start < kBurstBytes);
    if (const int error = send(data + start, std::min(offset, length) - start); error != 0) {
      for (size_t i = first; i < index; ++i)
        failures.push_back({i, error, {}});
    } else {
      receiveAcks(headerAt(data + start)->nlmsg_seq, first, index - first, failures);
    }
  }
  return failures;
}

void Socket::receiveAcks(uint32_t firstSequence, size_t firstIndex, size_t count,
                         std::vector<Failure> &failures) {
  buffer_.resize(std::max(buffer_.size(), kAckSlots * kAckBytes));
  iovec vectors[kAckSlots];
  mmsghdr slots[kAckSlots]{};
  for (size_t i = 0; i < kAckSlots; ++i) {
    vectors[i] = {buffer_.data() + i * kAckBytes, kAckBytes};
    slots[i].msg_hdr.msg_iov = &vectors[i];
    slots[i].msg_hdr.msg_iovlen = 1;
  }
  std::vector<Failure> found(count, {0, -1, {}});
  size_t missing = count;
  int lost = 0;
  while (missing > 0) {
    const auto wanted = static_cast<unsigned>(std::min(missing, kAckSlots));
    const int received = recvmmsg(fd_.get(), slots, wanted, MSG_WAITFORONE, nullptr);
    if (received < 0) {
      if (errno == EINTR) continue;
      lost = errno == EAGAIN ? ETIMEDOUT : errno;
      break;
    }
    for (int i = 0; i < received; ++i) {
      const nlmsghdr *header = headerAt(buffer_.data() + static_cast<size_t>(i) * kAckBytes);
      if (slots[i].msg_len < NLMSG_LENGTH(sizeof(int)) || header->nlmsg_type != NLMSG_ERROR)
        continue;
      const uint32_t position = header->nlmsg_seq - firstSequence;
      if (position >= count || found[position].error >= 0) continue;
      readOutcome(header, found[position].error, found[position].extack);
      --missing;
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (found[i].error == 0) continue;
    failures.push_back(
        {firstIndex + i, found[i].error < 0 ? lost : found[i].error, found[i].extack});
  }
}

Reply Socket::query(const std::vector<uint8_t> &request) {
  buffer_.resize(std::max(buffer_.size(), kReplyBytes));
  for (int tries = 0; tries < kDumpTries; ++tries) {
    Reply reply;
    reply.error = send(request.data(), request.size());
    if (reply.error != 0 || receiveReply(headerAt(request.data())->nlmsg_seq, reply)) return reply;
  }
  return {EINTR, "the dump was interrupted by changes every time", {}};
}

/** False: complete, but torn by a change meanwhile, or cut off for want of space. */
bool Socket::receiveReply(uint32_t sequence, Reply &reply) {
  bool torn = false;
  for (;;) {
    const ssize_t received = recv(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (received < 0) {
      if (errno == EINTR) continue;
      reply.error = errno == EAGAIN ? ETIMEDOUT : errno;
      return true;
    }
    auto length = static_cast<size_t>(received);
    if (length > buffer_.size()) {
      buffer_.resize(length);
      torn = true;
      continue;
    }
    for (const uint8_t *at = buffer_.data(); length >= sizeof(nlmsghdr);) {
      const nlmsghdr *header = headerAt(at);
      if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > length) break;
      const size_t step = std::min<size_t>(NLMSG_ALIGN(header->nlmsg_len), length);
      if (header->nlmsg_seq == sequence) {
        torn = torn || (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
          readOutcome(header, reply.error, reply.extack);
          return !torn || reply.error != 0;
        }
        if (header->nlmsg_type >= NLMSG_MIN_TYPE) {
          reply.messages.insert(reply.messages.end(), at, at + step);
        }
      }
      at += step;
      length -= step;
    }
  }
}

} // namespace nl
