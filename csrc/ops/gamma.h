// Draws of the gamma distribution with scale 1, as logarithms: with a small concentration most
// numbers lie far below the smallest of their type.  In double precision inside; element i of draw
// d under seed s is a function of (s, d, i) and its concentration alone.
//
//   standard_gamma_log        out, concentration: log of a draw; NaN unless the concentration is
//                             above 0
//   standard_gamma_log_slope  out, log, concentration: the derivative of the draw by the
//                             concentration, at a fixed probability of a smaller one
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct GammaParams {
  int64_t numel;
  uint64_t seed, draw;
};

} // namespace fastdl
