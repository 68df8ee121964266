#pragma once

#include <napi.h>

namespace nl {

/** `new Poll(fd, callback)`: tells JavaScript when a file descriptor is ready, on its own loop. */
Napi::Function definePoll(Napi::Env env);

} // namespace nl
