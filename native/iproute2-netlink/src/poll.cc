#include "poll.h"

#include <uv.h>

#include <memory>

namespace nl {

namespace {

/** Outlives the JavaScript object until the loop has let go of it. */
struct Handle {
  uv_poll_t poll{};
  Napi::Env env;
  Napi::FunctionReference callback;
  Napi::AsyncContext context;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool closing = false;

  Handle(Napi::Env env, Napi::Function callback)
      : env(env), callback(Napi::Persistent(callback)), context(env, "nl.Poll") {
  }

  void close() {
    if (closing) return;
    closing = true;
    uv_close(reinterpret_cast<uv_handle_t *>(&poll), [](uv_handle_t *closed) {
      auto *self = static_cast<Handle *>(closed->data);
      const Napi::HandleScope scope(self->env);
      napi_remove_async_cleanup_hook(self->hook);
      delete self;
    });
  }
};

void tell(uv_poll_t *poll, int status, int events) {
  auto *handle = static_cast<Handle *>(poll->data);
  const Napi::HandleScope scope(handle->env);
  // an error is found by who reads or writes next
  const int ready = status < 0 ? UV_READABLE | UV_WRITABLE : events;
  try {
    handle->callback.MakeCallback(handle->env.Global(), {Napi::Number::New(handle->env, ready)},
                                  handle->context);
  } catch (const Napi::Error &error) {
    napi_fatal_exception(handle->env, error.Value());
  }
}

class Poll : public Napi::ObjectWrap<Poll> {
public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Poll",
        {InstanceMethod<&Poll::start>("start"), InstanceMethod<&Poll::close>("close")});
  }

  explicit Poll(const Napi::CallbackInfo &info) : ObjectWrap(info) {
    const Napi::Env env = info.Env();
    auto handle = std::make_unique<Handle>(env, info[1].As<Napi::Function>());
    uv_loop_t *loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    error_ = uv_poll_init(loop, &handle->poll, info[0].As<Napi::Number>().Int32Value());
    if (error_ != 0) return;
    handle->poll.data = handle.get();
    handle_ = handle.release();
    napi_add_async_cleanup_hook(
        env,
        [](napi_async_cleanup_hook_handle, void *self) { static_cast<Handle *>(self)->close(); },
        handle_, &handle_->hook);
  }

  ~Poll() override {
    if (handle_ != nullptr) handle_->close();
  }

private:
  /** (1: readable, 2: writable) -> errno */
  Napi::Value start(const Napi::CallbackInfo &info) {
    if (handle_ != nullptr) {
      error_ = uv_poll_start(&handle_->poll, info[0].As<Napi::Number>().Int32Value(), tell);
    }
    return Napi::Number::New(info.Env(), -error_);
  }

  void close(const Napi::CallbackInfo &) {
    if (handle_ != nullptr) handle_->close();
    handle_ = nullptr;
    error_ = UV_EBADF;
  }

  Handle *handle_ = nullptr;
  int error_ = 0;
};

} // namespace

Napi::Function definePoll(Napi::Env env) {
  return Poll::define(env);
}

} // namespace nl
