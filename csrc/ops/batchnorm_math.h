// The formulas of batch normalization for one element, or a vector of them.
#pragma once
#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/simd.h"
#endif

namespace fastdl {
namespace FASTDL_ISA {

// Count, mean and sum of squared deviations of some values of a column.
struct Moments {
  double mean, squares;
};

// The moments of n values merged with those of `more` further ones (Chan et al.): share = more /
// all, product = n more / all.
FASTDL_INLINE Moments merge_moments(Moments a, Moments b, double share, double product) {
  const double delta = b.mean - a.mean;
  return {a.mean + delta * share, a.squares + b.squares + delta * delta * product};
}

FASTDL_INLINE double move_running(double running, double value, double momentum) {
  return (1 - momentum) * running + momentum * value;
}

// x - mean, with the mean in two parts: in float its rounding error would count.
template <class V> FASTDL_INLINE V centered(V x, V high, V low) { return (x - high) - low; }

// y before the ReLU; scale = weight / sqrt(var + eps).
template <class V> FASTDL_INLINE V affine(V centered, V scale, V shift) {
  return fma(centered, scale, shift);
}
template <class V> FASTDL_INLINE V rectified(V y) { return select(y <= V{}, V{}, y); }
template <class V> FASTDL_INLINE V rectified_gradient(V g, V y) { return select(y <= V{}, V{}, g); }

// dx in training: the part of g that moves neither mean nor variance.
template <class V> FASTDL_INLINE V input_gradient(V g, V xhat, V mean_g, V mean_g_xhat, V scale) {
  return fma(-xhat, mean_g_xhat, g - mean_g) * scale;
}

} // namespace FASTDL_ISA
} // namespace fastdl
