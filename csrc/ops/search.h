// Where values belong in sorted rows.
//
// searchsorted  out[v] = how many elements of v's row are smaller (with `right` not larger) than
//               input[v]; the order is that of sort: NaN is larger than all numbers.  Row r of the
//               sequence (row-major, length) is for values [r inner, (r + 1) inner).  Operands out
//               (int64), input, sequence.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct SearchParams {
  int64_t numel, inner, length;
  bool right;
};

} // namespace fastdl
