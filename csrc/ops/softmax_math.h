// The mathematics of a row of softmax, log_softmax, logsumexp and cross-entropy.
#pragma once
#include "core/math.h"

namespace fastdl {
namespace FASTDL_ISA {

// exp(x - m) for x <= m, rounded nearly once: what x - m rounds off (a small part of it, but a
// large one of its exponential) is kept, and so is what 1 + r does.  x - m = n log(2) + r, r = high
// + low.
template <class V> FASTDL_INLINE V exp_difference(V x, V m) {
  using M = MathConstants<scalar_of<V>>;
  const V least = constant<V>(M::exp_low), one = constant<V>(1), magic = round_magic<V>();
  const V d = x - m, back = d - x;
  const V lost = (x - (d - back)) - (m + back); // d + lost = x - m exactly (TwoSum)
  const V clamped = max(least, d);
  const V n = fma(clamped, constant<V>(M::log2_e), magic) - magic;
  const V high = fma(n, constant<V>(-M::log_2_high), clamped);
  const V low = fma(n, constant<V>(-M::log_2_low), select(d > least, lost, V{}));
  const V r = high + low, sum = one + high;
  const V sum_lost = (one - sum) + high;
  return scale(sum + fma(r * r, exp_tail(r), sum_lost + low), n);
}

// What x is measured from: the row's maximum, but 0 for a row of -inf only, so that its
// exponentials are 0 and not NaN.
template <class V> FASTDL_INLINE V shift_of(V row_max) {
  return select(row_max == -infinity<V>(), V{}, row_max);
}

// The sum of a row's exponentials, in double: `ones` of them are 1 (the maxima), the others add up
// to rest + lost.  Kept apart, since the logarithm of a sum near 1 is all in the rest.
template <class D> struct ExpTotal {
  D ones, rest, lost;
};

template <class D> FASTDL_INLINE D log_total(const ExpTotal<D>& s) {
  return log1p((s.ones - constant<D>(1)) + (s.rest + s.lost));
}

// What a * b loses against its rounded value p; without fused multiply-add by Dekker's splitting.
template <class V> FASTDL_INLINE V product_error(V a, V b, V p) {
  if constexpr (FASTDL_HAS_FMA)
    return fma(a, b, -p);
  using T = scalar_of<V>;
  const V split = constant<V>(T((uint64_t(1) << (Ieee<T>::mantissa_bits / 2 + 1)) + 1));
  const V a_split = a * split, b_split = b * split;
  const V a_high = a_split - (a_split - a), b_high = b_split - (b_split - b);
  const V a_low = a - a_high, b_low = b - b_high;
  return ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low;
}

// 1 / sum in two parts, the second one small; infinite (and NaN) if the sum is 0.
template <class D> FASTDL_INLINE D reciprocal_total(const ExpTotal<D>& s, D* low) {
  const D one = constant<D>(1), sum = s.ones + s.rest, back = sum - s.ones;
  const D lost = (s.ones - (sum - back)) + (s.rest - back) + s.lost;
  const D high = one / sum, product = sum * high;
  const D remainder = (one - product) - product_error(sum, high, product);
  *low = high * (remainder - lost * high);
  return high;
}

// e * (high + low), rounded nearly once.
template <class V> FASTDL_INLINE V times_parts(V e, V high, V low) {
  const V p = e * high;
  return p + (product_error(e, high, p) + e * low);
}

template <class V> FASTDL_INLINE V softmax_gradient(V g, V y, V dot) { return y * (g - dot); }
template <class V> FASTDL_INLINE V log_softmax_gradient(V g, V y, V sum) {
  return fma(-exp(y), sum, g);
}

} // namespace FASTDL_ISA
} // namespace fastdl
