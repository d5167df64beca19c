// copy: target[i] = source[i], converted as C++ converts (float to int truncates toward zero; to
// bool means != 0).  fill: target[i] = value.  Operands: target, source.  Any strides, any dtypes.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct CopyParams {
  Strided<2> at;
  DType source;
  bool past_cache;
};

struct FillParams {
  Strided<1> at;
  double real;
  int64_t integer; // for integer and bool targets, which a double cannot always hold
};

} // namespace fastdl
