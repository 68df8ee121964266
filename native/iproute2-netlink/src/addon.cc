// What lib/ calls. Every function gives back plain status objects; lib/ makes errors of them.
#include <linux/bpf.h>
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "inet.h"
#include "netns.h"
#include "nft.h"
#include "promise_worker.h"
#include "read.h"
#include "socket.h"
#include "values.h"

namespace {

using nl::bytes;
using nl::statusObject;
using nl::text;

Napi::Value statusValue(Napi::Env env, const nl::Status &status) {
  return statusObject(env, status.error, status.step);
}

/** The JavaScript handle of a socket. Work in progress keeps the socket; closing is dropping. */
class SocketHandle : public Napi::ObjectWrap<SocketHandle> {
public:
  explicit SocketHandle(const Napi::CallbackInfo &info)
      : ObjectWrap(info), socket_(std::make_shared<nl::Socket>()) {
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Socket",
                       {InstanceMethod<&SocketHandle::open>("open"),
                        InstanceMethod<&SocketHandle::transact>("transact"),
                        InstanceMethod<&SocketHandle::query>("query"),
                        InstanceMethod<&SocketHandle::close>("close")});
  }

private:
  Napi::Value open(const Napi::CallbackInfo &info) {
    return nl::PromiseWorker<nl::Status>::start(
        info.Env(), [socket = socket_, netns = text(info[0])] { return socket->open(netns); },
        statusValue);
  }

  Napi::Value transact(const Napi::CallbackInfo &info) {
    using Failures = std::vector<nl::Failure>;
    return nl::PromiseWorker<Failures>::start(
        info.Env(),
        [socket = socket_, data = bytes(info[0]), chained = bytes(info[1])] {
          return socket->transact(data.data(), data.size(), chained);
        },
        [](Napi::Env env, const Failures &failures) {
          auto list = Napi::Array::New(env, failures.size());
          for (size_t i = 0; i < failures.size(); ++i) {
            auto object = statusObject(env, failures[i].error, failures[i].extack);
            object.Set("index", static_cast<double>(failures[i].index));
            list.Set(static_cast<uint32_t>(i), object);
          }
          return Napi::Value(list);
        });
  }

  Napi::Value query(const Napi::CallbackInfo &info) {
    return nl::PromiseWorker<nl::Reply>::start(
        info.Env(), [socket = socket_, request = bytes(info[0])] { return socket->query(request); },
        [](Napi::Env env, const nl::Reply &reply) {
          auto object = statusObject(env, reply.error, reply.extack);
          object.Set("messages", Napi::Buffer<uint8_t>::Copy(env, reply.messages.data(),
                                                             reply.messages.size()));
          return Napi::Value(object);
        });
  }

  void close(const Napi::CallbackInfo &) {
    socket_.reset();
  }

  std::shared_ptr<nl::Socket> socket_;
};

/** (directory, name, setup messages, mark) */
Napi::Value netnsCreate(const Napi::CallbackInfo &info) {
  return nl::PromiseWorker<nl::Status>::start(
      info.Env(),
      [directory = text(info[0]), name = text(info[1]), setup = bytes(info[2]),
       mark = text(info[3])] { return nl::createNetns(directory, name, setup, mark); },
      statusValue);
}

/** (path) */
Napi::Value netnsDelete(const Napi::CallbackInfo &info) {
  return nl::PromiseWorker<nl::Status>::start(
      info.Env(), [path = text(info[0])] { return nl::deleteNetns(path); }, statusValue);
}

/** (netns path or '', JSON text, echo) */
Napi::Value nft(const Napi::CallbackInfo &info) {
  return nl::PromiseWorker<nl::NftResult>::start(
      info.Env(),
      [netns = text(info[0]), json = text(info[1]), echo = info[2].ToBoolean().Value()] {
        return nl::runNft(netns, json, echo);
      },
      [](Napi::Env env, const nl::NftResult &result) {
        auto object = statusObject(env, result.status.error, result.status.step);
        object.Set("output", result.output);
        object.Set("complaint", result.complaint);
        return Napi::Value(object);
      });
}

/** (netns path or '', paths) -> status with `texts` */
Napi::Value netnsRead(const Napi::CallbackInfo &info) {
  const auto list = info[1].As<Napi::Array>();
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < list.Length(); ++i)
    paths.push_back(text(list.Get(i)));
  return nl::PromiseWorker<nl::ReadResult>::start(
      info.Env(),
      [netns = text(info[0]), paths = std::move(paths)] { return nl::readInNetns(netns, paths); },
      [](Napi::Env env, const nl::ReadResult &result) {
        auto object = statusObject(env, result.status.error, result.status.step);
        auto texts = Napi::Array::New(env, result.texts.size());
        for (size_t i = 0; i < result.texts.size(); ++i) {
          texts.Set(static_cast<uint32_t>(i), result.texts[i]);
        }
        object.Set("texts", texts);
        return Napi::Value(object);
      });
}

/** (netns path or '', path, text) -> status */
Napi::Value netnsWrite(const Napi::CallbackInfo &info) {
  return nl::PromiseWorker<nl::Status>::start(
      info.Env(),
      [netns = text(info[0]), path = text(info[1]), words = text(info[2])] {
        return nl::writeInNetns(netns, path, words);
      },
      statusValue);
}

/** (path of a pin) -> status with `fd` */
Napi::Value openPinned(const Napi::CallbackInfo &info) {
  const std::string path = text(info[0]);
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.pathname = reinterpret_cast<uintptr_t>(path.c_str());
  const long fd = syscall(SYS_bpf, BPF_OBJ_GET, &attributes, sizeof attributes);
  auto object = statusObject(info.Env(), fd < 0 ? errno : 0, "open " + path);
  object.Set("fd", static_cast<double>(fd));
  return object;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("Socket", SocketHandle::define(env));
  exports.Set("netnsCreate", Napi::Function::New<netnsCreate>(env));
  exports.Set("netnsDelete", Napi::Function::New<netnsDelete>(env));
  exports.Set("netnsRead", Napi::Function::New<netnsRead>(env));
  nl::defineInet(env, exports);
  exports.Set("netnsWrite", Napi::Function::New<netnsWrite>(env));
  exports.Set("nft", Napi::Function::New<nft>(env));
  exports.Set("openPinned", Napi::Function::New<openPinned>(env));
  return exports;
}

} // namespace

NODE_API_MODULE(iproute2_netlink, init)
