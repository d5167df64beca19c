// Draws of the Poisson distribution.  Operands: out, rate, both row-major of one float dtype.  In
// double precision inside; element i of draw d under seed s is a function of (s, d, i) and its rate
// alone.  A rate of 0 gives 0; ValueError for one below 0, infinite or NaN.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct PoissonParams {
  int64_t numel;
  uint64_t seed, draw;
};

// Throws ValueError for element `at` of the rates.
[[noreturn]] void raise_bad_rate(int64_t at, double value);

} // namespace fastdl
