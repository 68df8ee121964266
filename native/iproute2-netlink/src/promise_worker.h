#pragma once

#include <napi.h>

#include <functional>
#include <utility>

namespace nl {

/** Runs `work` on a thread of Node's pool, then resolves a promise with what `convert` makes of it.
 */
template <typename Result> class PromiseWorker : public Napi::AsyncWorker {
public:
  using Work = std::function<Result()>;
  using Convert = std::function<Napi::Value(Napi::Env, const Result &)>;

  static Napi::Promise start(Napi::Env env, Work work, Convert convert) {
    auto *worker = new PromiseWorker(env, std::move(work), std::move(convert));
    Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
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
  PromiseWorker(Napi::Env env, Work work, Convert convert)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)), convert_(std::move(convert)) {
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Convert convert_;
  Result result_;
};

} // namespace nl
