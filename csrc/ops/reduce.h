// Reductions of a row-major input seen as (outer, length, inner) over `length`, to (outer, inner).
// Operands: output, input.
//
// length is cut into `chunks` chunks of `chunk` elements, a grid that depends on the shape alone.
// With one chunk a single launch (stage whole) does everything.  With more, one launch writes the
// partial results (stage partial; the output is kReducePartialBytes for each of (outer, chunks,
// inner)), a second one (stage combine; the input is these partials) combines them in order.
//
// sum, mean    float32 added up in float64, float64 compensated: within 2 ULP for numbers of one
//              sign at any length.  Integers and bools give int64 (wrapping).  Of nothing: 0, NaN.
// norm         sqrt of the sum of squares, added up as in sum; float64's squares may overflow.
// prod         of floats in float64, the exponent apart: over- or underflows only where the result
//              does, whatever the order.  Integers and bools give int64 (wrapping).  Of nothing: 1.
// var          two passes over each chunk, chunks merged after Chan, Golub & LeVeque (1983);
//              NaN where an element is NaN or infinite; where nothing is left to divide by, inf,
//              or NaN for 0 / 0.
// amax, amin   NaN if any element is.  Of nothing: an error in the binding.
// argmax/min   the first of equal ones; the first NaN goes before all.  Of nothing: an error.
// all, any     of nothing: true, false.
#pragma once
#include "core/kernel.h"

namespace fastdl {

enum class ReduceStage : int32_t { whole, partial, combine };

struct ReduceParams {
  int64_t outer, length, inner;
  int64_t chunk, chunks;
  ReduceStage stage;
  double correction; // var divides by length - correction
};

// Room for a partial result.
constexpr int64_t kReducePartialBytes = 32;

// Columns are handed out in blocks of this many.
constexpr int64_t kReduceColumns = 2048;

} // namespace fastdl
