#pragma once

#include <napi.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bpf {

/** What became of a call: error 0, or an errno, the call that met it, and what the verifier said.
 */
struct Outcome {
  int error = 0;
  std::string call;
  std::string log;

  static Outcome failed(std::string call, int error = errno) {
    return {error, std::move(call), {}};
  }
};

using Bytes = std::vector<uint8_t>;

inline Napi::Object outcomeObject(Napi::Env env, const Outcome &outcome) {
  auto object = Napi::Object::New(env);
  object.Set("errno", outcome.error);
  if (outcome.error != 0) {
    const char *name = strerrorname_np(outcome.error);
    const char *words = strerrordesc_np(outcome.error);
    object.Set("code", name == nullptr ? "EUNKNOWN" : name);
    object.Set("description", words == nullptr ? "unknown error" : words);
    object.Set("call", outcome.call);
    if (!outcome.log.empty()) object.Set("log", outcome.log);
  }
  return object;
}

inline Bytes bytesOf(const Napi::Value &value) {
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.Data() + array.ByteLength()};
}

inline std::string textOf(const Napi::Value &value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

/** A plain Uint8Array: a Buffer with the same bytes would be no equal of it. */
inline Napi::Value bufferOf(Napi::Env env, const Bytes &bytes) {
  auto array = Napi::Uint8Array::New(env, bytes.size());
  std::copy(bytes.begin(), bytes.end(), array.Data());
  return array;
}

/** Runs `work` off the main thread, then resolves a promise with the object that `convert` fills.
 */
template <typename Result> class Task : public Napi::AsyncWorker {
public:
  using Work = std::function<Result()>;
  using Convert = std::function<Napi::Value(Napi::Env, Result &)>;

  static Napi::Promise start(Napi::Env env, Work work, Convert convert) {
    auto *task = new Task(env, std::move(work), std::move(convert));
    Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

protected:
  void Execute() override {
    result_ = work_();
  }
  void OnOK() override {
    deferred_.Resolve(convert_(Env(), result_));
  }
  void OnError(const Napi::Error &error) override {
    deferred_.Reject(error.Value());
  }

private:
  Task(Napi::Env env, Work work, Convert convert)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)), convert_(std::move(convert)) {
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Convert convert_;
  Result result_;
};

} // namespace bpf
