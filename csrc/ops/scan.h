// Running reductions along `length` of a row-major input seen as (outer, length, inner); the output
// has the same shape.  Three operands: outputs, then inputs, none where there are only two.  Each
// row or column is gone through in order.
//
// cumsum         float32 added up in float64, float64 compensated; integers and bools give int64
//                (wrapping).  With `reverse` the sum of an element and all after it.
// cumprod        float32 in float64, in order; integers give int64 (wrapping).  reverse as above.
// cummax/cummin  values and their indices (int64), of equal ones the last.  NaN from the first on,
//                with the index of the last one so far.
// logcumsumexp   log(sum(exp)) in float64, relative to a running reference: no overflow.  -inf
//                where all so far are -inf, inf where one is, NaN after one.
// recurrence     y[k] = a[k] y[k-1] + b[k], computed in float64; with `reverse` y[k+1] for y[k-1].
//                What stands before the first is 0: a is not read there.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct ScanParams {
  int64_t outer, length, inner;
  bool reverse;
};

// Columns are handed out in blocks of this many.
constexpr int64_t kScanColumns = 128;

} // namespace fastdl
