// out[i] = f(a[i], b[i]) after broadcasting.  Operands: out, a, b; any strides.  a and b have one
// dtype (the binding promotes them as PyTorch does); comparisons give bool. maximum and minimum
// give NaN if either side is NaN.  pow, fmod, atan2 and hypot are the C library's.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct BinaryParams {
  Strided<3> at;
  bool past_cache;
};

} // namespace fastdl
