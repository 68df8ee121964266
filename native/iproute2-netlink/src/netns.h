#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "status.h"

namespace nl {

/** Runs `work` on a thread of its own: the namespace it enters is gone with the thread. */
template <typename Work> void onPrivateThread(Work &&work) {
  std::thread(std::forward<Work>(work)).join();
}

/** Moves the calling thread; an empty path stays where it is. */
Status enterNetns(const std::string &path);

/**
 * Makes a namespace, carries out `setup` (rtnetlink messages) inside it, and only then gives it the
 * name `directory/name`. EEXIST if that is taken. Nothing remains on failure; what a kill leaves is
 * a file that holds `mark`, and nothing else.
 */
Status createNetns(const std::string &directory, const std::string &name,
                   const std::vector<uint8_t> &setup, const std::string &mark);

/** Takes the name away; the namespace lives on while something else holds it. ENOENT if there is
 * none. */
Status deleteNetns(const std::string &path);

} // namespace nl
