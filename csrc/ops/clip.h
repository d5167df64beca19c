// The norm of many tensors taken as one vector, and scaling them: what clipping gradients needs.
//
//   norm_parts   parts (float64, one for each unit), tensors: of a block of kBlock elements the
//                largest |x| (NaN wins), the sum of |x|, or of x^2; in double
//   norm_whole   norm (float64), parts: those combined in their order; one unit
//   scale        factor (float64), tensors: x = x factor
//
// Tensors are row-major and of one dtype; units: their blocks, one tensor after the other.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct ClipParams {
  enum Kind : int64_t { largest, absolute, square } kind;
  int64_t tensors; // in norm_whole: parts
  // Behind this one for each tensor:
  struct Piece {
    int64_t first_unit, numel;
  };
};

} // namespace fastdl
