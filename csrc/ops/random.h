// Draws written into a row-major tensor.  Operand: out (float32, float64).  Element i of draw d
// under seed s is a function of (s, d, i) and the parameters alone (core/rng.h).
//
//   uniform  first + (second - first) u on [first, second), u in steps of 2^-24 or 2^-53; a sum
//            that rounds up to `second` becomes the number before it; the same bits everywhere
//   normal   first + second z, z standard normal; |z| at most 6.7 (float32), 8.6 (float64)
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct RandomParams {
  int64_t numel;
  uint64_t seed, draw;
  double first, second; // low and high; mean and standard deviation
};

} // namespace fastdl
