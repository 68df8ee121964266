#include "ring.h"

#include <bpf/libbpf.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "outcome.h"

namespace bpf {

namespace {

/** How long one wait in the background lasts: the longest that closing has to wait. */
constexpr int POLL_MS = 50;

struct BufferCloser {
  void operator()(ring_buffer *buffer) const {
    ring_buffer__free(buffer);
  }
};

/** Records are gathered by whoever consumes, and handed on to JavaScript on its own thread. */
class Ring : public Napi::ObjectWrap<Ring> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Ring",
                       {InstanceMethod<&Ring::consume>("consume"),
                        InstanceMethod<&Ring::start>("start"),
                        InstanceMethod<&Ring::close>("close")});
  }

  explicit Ring(const Napi::CallbackInfo &info) : ObjectWrap(info) {
    const int fd = info[0].As<Napi::Number>().Int32Value();
    callback_ = Napi::Persistent(info[1].As<Napi::Function>());
    buffer_.reset(ring_buffer__new(fd, gather, this, nullptr));
    error_ = buffer_ ? 0 : errno;
  }

  ~Ring() override {
    stop();
  }

private:
  static int gather(void *self, void *data, size_t size) {
    auto *ring = static_cast<Ring *>(self);
    const auto *bytes = static_cast<uint8_t *>(data);
    ring->records_.emplace_back(bytes, bytes + size);
    return 0;
  }

  Napi::Value failure(Napi::Env env) {
    return outcomeObject(env,
                         error_ == 0 ? Outcome{} : Outcome::failed("ring_buffer__new", error_));
  }

  /** Drains what is there now: how many records that were, or an outcome. */
  Napi::Value consume(const Napi::CallbackInfo &info) {
    if (!buffer_) return failure(info.Env());
    std::vector<Bytes> records;
    {
      const std::lock_guard<std::mutex> turn(consuming_);
      ring_buffer__consume(buffer_.get());
      records.swap(records_);
    }
    hand(info.Env(), callback_.Value(), records);
    return Napi::Number::New(info.Env(), static_cast<double>(records.size()));
  }

  Napi::Value start(const Napi::CallbackInfo &info) {
    if (!buffer_ || thread_.joinable()) return failure(info.Env());
    Ref();
    running_ = true;
    deliver_ = Napi::ThreadSafeFunction::New(info.Env(), callback_.Value(), "bpf ring", 0, 1);
    thread_ = std::thread([this] { poll(); });
    return failure(info.Env());
  }

  void poll() {
    while (running_) {
      auto records = std::make_unique<std::vector<Bytes>>();
      {
        const std::lock_guard<std::mutex> turn(consuming_);
        if (!running_) return;
        ring_buffer__poll(buffer_.get(), POLL_MS);
        records->swap(records_);
      }
      // Lets a consumer on the main thread have its turn between two waits.
      std::this_thread::yield();
      if (records->empty()) continue;
      auto *handed = records.release();
      const auto status = deliver_.BlockingCall(
          handed, [](Napi::Env env, Napi::Function callback, std::vector<Bytes> *all) {
            const std::unique_ptr<std::vector<Bytes>> owned(all);
            hand(env, callback, *owned);
          });
      if (status != napi_ok) delete handed;
    }
  }

  static void hand(Napi::Env env, const Napi::Function &callback, const std::vector<Bytes> &all) {
    for (const Bytes &record : all) {
      callback.Call({bufferOf(env, record)});
    }
  }

  void close(const Napi::CallbackInfo &) {
    if (stop()) Unref();
    buffer_.reset();
    error_ = EBADF;
  }

  bool stop() {
    if (!thread_.joinable()) return false;
    running_ = false;
    thread_.join();
    deliver_.Release();
    return true;
  }

  std::unique_ptr<ring_buffer, BufferCloser> buffer_;
  int error_ = 0;
  std::mutex consuming_;
  std::vector<Bytes> records_;
  std::atomic<bool> running_{false};
  std::thread thread_;
  Napi::FunctionReference callback_;
  Napi::ThreadSafeFunction deliver_;
};

} // namespace

Napi::Function defineRing(Napi::Env env) {
  return Ring::define(env);
}

} // namespace bpf
