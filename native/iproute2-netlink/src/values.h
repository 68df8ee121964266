// Between JavaScript's values and those of C++.
#pragma once

#include <napi.h>

#include <cstring>
#include <string>
#include <vector>

namespace nl {

inline std::string text(const Napi::Value &value) {
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

inline std::vector<uint8_t> bytes(const Napi::Value &value) {
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.Data() + array.ByteLength()};
}

inline Napi::Object statusObject(Napi::Env env, int error, const std::string &words) {
  auto object = Napi::Object::New(env);
  object.Set("errno", error);
  if (const char *name = error == 0 ? nullptr : strerrorname_np(error); name != nullptr) {
    object.Set("code", name);
    object.Set("description", strerrordesc_np(error));
  }
  if (!words.empty()) object.Set("text", words);
  return object;
}

} // namespace nl
