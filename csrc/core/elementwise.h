// The geometry of element-wise kernels: merges dimensions so that most calls become one long run.
#pragma once
#include "core/launch.h"

namespace fastdl {

// Operand 0 is the output; all operands already have its shape (expanded views are fine).
// Dimensions are ordered by the output's strides and merged where every operand allows it.
void fill_strided(const Tensor* const* operands, int n, int32_t& ndim, int64_t* shape,
                  int64_t (*stride)[kMaxDims]);

template <int N> Strided<N> strided(const Tensor* const (&operands)[N]) {
  Strided<N> s;
  s.numel = operands[0]->numel();
  fill_strided(operands, N, s.ndim, s.shape, s.stride);
  return s;
}

inline int64_t blocks(int64_t numel) { return (numel + kBlock - 1) / kBlock; }

} // namespace fastdl
