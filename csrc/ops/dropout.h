// out[i] = input[i] / (1 - p) where kept, else 0 (inverted dropout, Srivastava et al., JMLR 2014).
// Element i is dropped if word i of the draw (core/rng.h) is below a threshold, about 2^32 p: a
// comparison of integers, so the mask is the same for every dtype, machine and device, and is never
// stored: the derivative is the same op with the same draw.  A dropped element is 0 also where the
// input is NaN or inf; a kept one spreads it to itself alone.  Operands: out, input, row-major.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct DropoutParams {
  int64_t numel;
  uint64_t seed, draw;
  double p;
  bool past_cache;
};

} // namespace fastdl
