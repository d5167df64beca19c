// out[i] = condition[i] ? a[i] : b[i] after broadcasting; the side not chosen does not spread its
// NaN. Operands: out, condition (bool), a, b; any strides.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct WhereParams {
  Strided<4> at;
  bool past_cache;
};

} // namespace fastdl
