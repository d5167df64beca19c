// Errors: every message names the operation, the argument, what was expected and what came.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace fastdl {

using ValueError = std::invalid_argument; // Python's ValueError
using IndexError = std::out_of_range;     // Python's IndexError
struct TypeError : std::runtime_error {   // Python's TypeError (translated in core/bind.cpp)
  using std::runtime_error::runtime_error;
};

template <class Error, class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void raise(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw Error(text.str());
}

// The parts are put together only when the condition fails.
template <class Error = ValueError, class... Parts>
inline void require(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    raise<Error>(parts...);
}

} // namespace fastdl
