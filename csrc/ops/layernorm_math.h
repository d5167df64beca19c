// The formulas of layer normalization for one element, or a vector of them.  xhat = ((x - high) -
// low) inverse, where high + low is the row's mean: x - high is nearly without error.  All four are
// taken times `scale` or its inverse, a power of 2, where the differences might overflow.
#pragma once
#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/simd.h"
#endif

namespace fastdl {
namespace FASTDL_ISA {

template <class V> FASTDL_INLINE V normalized(V x, V scale, V high, V low, V inverse) {
  return (fma(x, scale, -high) - low) * inverse;
}
// The gradient of x: h = g weight less its part along the mean and along xhat.
template <class V>
FASTDL_INLINE V normalized_gradient(V h, V xhat, V mean_h, V mean_h_xhat, V inverse) {
  return fma(-xhat, mean_h_xhat, h - mean_h) * inverse;
}

} // namespace FASTDL_ISA
} // namespace fastdl
