#pragma once

#include <napi.h>

namespace bpf {

/** Makes the class `Ring`: a consumer of a ring buffer map. */
Napi::Function defineRing(Napi::Env env);

} // namespace bpf
