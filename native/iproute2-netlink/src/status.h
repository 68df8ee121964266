#pragma once

#include <cerrno>
#include <string>

namespace nl {

/** What became of an effect: error 0, or an errno and the step that met it. JavaScript makes the
 * error. */
struct Status {
  int error = 0;
  std::string step;

  static Status failed(std::string step) {
    return {errno, std::move(step)};
  }
};

} // namespace nl
