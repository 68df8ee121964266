#pragma once

#include <napi.h>

namespace nl {

/** What lib/transparent.js and lib/datagram.js call: sockets of IPv4 and IPv6. */
void defineInet(Napi::Env env, Napi::Object exports);

} // namespace nl
