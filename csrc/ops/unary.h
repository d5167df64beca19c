// out[i] = f(in[i]).  Operands: out, in; any strides, one dtype.  The formulas, their errors and
// what they do at +-inf and NaN stand in unary_math.h and core/math.h; a NaN goes to its own
// element and no other.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct UnaryParams {
  Strided<2> at;
  bool past_cache; // see core/cache.h
};

} // namespace fastdl
