// The formulas of batch normalization for one element, or a vector of them.
#pragma once
#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/simd.h"
#endif

namespace fastdl {
namespace FASTDL_ISA {

// The mean of some values of a column, and the sum of their squared deviations; for one column, or
// a vector of them.
template <class V> struct Moments {
  V mean, squares;
};

// From the sums of the n values' differences d from a pivot near them, and of the squares of those.
template <class V> FASTDL_INLINE Moments<V> moments_of(V pivot, V sum_d, V sum_d2, double n) {
  const V mean = sum_d / constant<V>(n);
  return {pivot + mean, max(V{}, sum_d2 - sum_d * mean)};
}

// The moments of n values merged with those of `more` further ones (Chan et al.): share = more /
// all, product = n more / all.
template <class V>
FASTDL_INLINE Moments<V> merge_moments(Moments<V> a, Moments<V> b, double share, double product) {
  const V delta = b.mean - a.mean;
  return {a.mean + delta * constant<V>(share),
          a.squares + b.squares + delta * delta * constant<V>(product)};
}

FASTDL_INLINE double move_running(double running, double value, double momentum) {
  return (1 - momentum) * running + momentum * value;
}

// A column's numbers in the dtype of x.  Its mean is high + low, where high is the nearest number
// and low is small beside the deviation: so x - high is nearly without error, and low may go into
// others.
//
//   y = (x - high) scale + shift                scale = weight / sqrt(var + eps)
//   dx = ((x - high) slope + (g - offset)) scale, the part of g that moves neither mean nor
//   variance
template <class V> FASTDL_INLINE V affine(V d, V scale, V shift) { return fma(d, scale, shift); }
template <class V> FASTDL_INLINE V rectified(V y) { return select(y <= V{}, V{}, y); }
template <class V> FASTDL_INLINE V rectified_gradient(V g, V y) { return select(y <= V{}, V{}, g); }
template <class V> FASTDL_INLINE V input_gradient(V g, V d, V slope, V offset, V scale) {
  return fma(d, slope, g - offset) * scale;
}

} // namespace FASTDL_ISA
} // namespace fastdl
