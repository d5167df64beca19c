// Draws written into a row-major tensor.  Operand: out (float32, float64; integers: int64). Element
// i of draw d under seed s is a function of (s, d, i) and the parameters alone (core/rng.h).
//
//   uniform  first + (second - first) u on [first, second), u in steps of 2^-24 or 2^-53; a sum
//            that rounds up to `second` becomes the number before it; the same bits everywhere
//   normal   first + second z, z standard normal; |z| at most 6.7 (float32), 8.6 (float64)
//   exponential  E / first, E of mean 1: never 0, at most 22.2 (float32), 36.8 (float64)
//   integers     low + floor(span * 64 bits / 2^64): each has its probability to within 2^-64
//   bernoulli    1 with the probability given for each element, to within 2^-33, else 0; operands
//                out, probabilities (of stride 0 or 1); ValueError for one outside [0, 1] or NaN
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct RandomParams {
  int64_t numel;
  uint64_t seed, draw;
  double first, second; // low and high; mean and standard deviation; rate
};

struct IntegersParams {
  int64_t numel;
  uint64_t seed, draw;
  int64_t low;
  uint64_t span; // how many integers
};

struct BernoulliParams {
  int64_t numel;
  uint64_t seed, draw;
  int64_t step;   // of the probabilities
  const char* op; // for the message
};

// Throws ValueError for element `at` of the probabilities.
[[noreturn]] void raise_bad_probability(const BernoulliParams& params, int64_t at, double value);

} // namespace fastdl
