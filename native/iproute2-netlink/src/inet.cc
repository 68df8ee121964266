#include "inet.h"

#include <sys/socket.h>

#include <cstring>

#include "datagram.h"
#include "inet_socket.h"
#include "poll.h"
#include "promise_worker.h"
#include "values.h"

namespace nl {

namespace {

/** Of lib/transparent.js: { netns, stream, source, sourcePort, destination?, destinationPort?,
 * device, mark, backlog } -> status with `fd` */
Napi::Value inetSocketOpen(const Napi::CallbackInfo &info) {
  const auto fields = info[0].As<Napi::Object>();
  const auto number = [&](const char *name) {
    return fields.Get(name).As<Napi::Number>().Int32Value();
  };
  const auto address = [&](const char *name, const char *port) {
    return socketAddress(bytes(fields.Get(name)).data(), static_cast<uint16_t>(number(port)));
  };
  InetSocketSpec spec;
  spec.netns = text(fields.Get("netns"));
  spec.stream = fields.Get("stream").ToBoolean().Value();
  spec.source = address("source", "sourcePort");
  if (fields.Has("destination")) spec.destination = address("destination", "destinationPort");
  spec.device = text(fields.Get("device"));
  spec.mark = number("mark");
  spec.backlog = number("backlog");
  return PromiseWorker<OpenedSocket>::start(
      info.Env(), [spec = std::move(spec)] { return openInetSocket(spec); },
      [](Napi::Env env, const OpenedSocket &opened) {
        auto object = statusObject(env, opened.status.error, opened.status.step);
        object.Set("fd", opened.fd);
        return Napi::Value(object);
      });
}

int descriptor(const Napi::CallbackInfo &info) {
  return info[0].As<Napi::Number>().Int32Value();
}

/** (fd) -> status: what became of a connection that was begun */
Napi::Value socketError(const Napi::CallbackInfo &info) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor(info), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return statusObject(info.Env(), error, "");
}

Napi::Value addressValue(Napi::Env env, const sockaddr_in6 &address) {
  return Napi::Buffer<uint8_t>::Copy(env, address.sin6_addr.s6_addr, sizeof address.sin6_addr);
}

/** (fd) -> status with `data`, `source`, `sourcePort`, `destination`, `destinationPort` */
Napi::Value datagramReceive(const Napi::CallbackInfo &info) {
  const Napi::Env env = info.Env();
  const Datagram datagram = receiveDatagram(descriptor(info));
  auto object = statusObject(env, datagram.error, "");
  if (datagram.error != 0) return object;
  object.Set("data", Napi::Buffer<uint8_t>::Copy(env, datagram.data.data(), datagram.data.size()));
  object.Set("source", addressValue(env, datagram.source));
  object.Set("sourcePort", ntohs(datagram.source.sin6_port));
  object.Set("destination", addressValue(env, datagram.destination));
  object.Set("destinationPort", ntohs(datagram.destination.sin6_port));
  return object;
}

/** (fd, data), or (fd, data, from or undefined, to, port) -> status */
Napi::Value datagramSend(const Napi::CallbackInfo &info) {
  const int fd = descriptor(info);
  const std::vector<uint8_t> data = bytes(info[1]);
  if (info.Length() < 4) return statusObject(info.Env(), sendConnected(fd, data), "");
  std::optional<in6_addr> from;
  if (!info[2].IsUndefined()) {
    from.emplace();
    std::memcpy(&*from, bytes(info[2]).data(), sizeof *from);
  }
  const auto port = static_cast<uint16_t>(info[4].As<Napi::Number>().Uint32Value());
  const sockaddr_in6 to = socketAddress(bytes(info[3]).data(), port);
  return statusObject(info.Env(), sendDatagram(fd, data, from, to), "");
}

/** (fd) -> port that it is bound to; 0 if it is none */
Napi::Value socketPort(const Napi::CallbackInfo &info) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (getsockname(descriptor(info), reinterpret_cast<sockaddr *>(&address), &size) != 0) {
    address.sin6_port = 0;
  }
  return Napi::Number::New(info.Env(), ntohs(address.sin6_port));
}

} // namespace

void defineInet(Napi::Env env, Napi::Object exports) {
  exports.Set("Poll", definePoll(env));
  exports.Set("inetSocketOpen", Napi::Function::New<inetSocketOpen>(env));
  exports.Set("socketError", Napi::Function::New<socketError>(env));
  exports.Set("socketPort", Napi::Function::New<socketPort>(env));
  exports.Set("datagramReceive", Napi::Function::New<datagramReceive>(env));
  exports.Set("datagramSend", Napi::Function::New<datagramSend>(env));
}

} // namespace nl
