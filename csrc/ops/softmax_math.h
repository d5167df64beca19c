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

// The exponentials of a row are measured in exp(base) 2^power, just below its largest.  Doubles:
// base is the shift, power 0, and what x - base rounds off is kept.  Floats, cheaper: base is the
// shift only where it is so large that x - base is exact for every x that counts (Sterbenz); else
// it is 0, and power, an integer, takes its place in the exponent.
template <class V> struct ExpUnit {
  V base, power, least; // from x - base = least down the result is 0
};

template <class V> FASTDL_INLINE ExpUnit<V> exp_unit(V shift) {
  using M = MathConstants<scalar_of<V>>;
  if constexpr (sizeof(scalar_of<V>) == 8) {
    return {shift, V{}, V{}};
  } else {
    const V base = select(abs(shift) < constant<V>(210), V{}, shift), top = shift - base;
    const V magic = round_magic<V>();
    return {base, (fma(top, constant<V>(M::log2_e), constant<V>(-0.5)) + magic) - magic,
            top + constant<V>(M::exp_low - 1)};
  }
}

// exp(x) in a row's unit.  `nearly` once rounded (1 ULP), else 1.3 * 2^-24 of the result.
template <bool nearly, class V> FASTDL_INLINE V exp_in(const ExpUnit<V>& unit, V x) {
  if constexpr (sizeof(scalar_of<V>) == 8) {
    return exp_difference(x, unit.base);
  } else {
    using M = MathConstants<float>;
    const V magic = round_magic<V>(), one = constant<V>(1);
    const V d = max(unit.least, x - unit.base);
    const V n = fma(d, constant<V>(M::log2_e), magic) - magic;
    const V high = fma(n, constant<V>(-M::log_2_high), d); // exact
    const V r = fma(n, constant<V>(-M::log_2_low), high);
    if constexpr (nearly) {
      const V sum = one + high, lost = (one - sum) + high;
      const V low = fma(n, constant<V>(-M::log_2_low), lost);
      return scale(sum + fma(r * r, exp_tail(r), low), n - unit.power);
    } else {
      return scale(fma(fma(exp_tail(r), r, one), r, one), n - unit.power);
    }
  }
}

// exp(shift) in a row's unit, in double: what the exponential of the largest element should be.
template <class D> FASTDL_INLINE D largest_in(D shift, D base, D power) {
  using M = MathConstants<double>;
  const D rest = fma(power, constant<D>(-M::log_2_high), shift - base);
  return exp(fma(power, constant<D>(-M::log_2_low), rest));
}

// 1 / (sum + lost) in two parts, the second one small; infinite (and NaN) if the sum is 0.
template <class D> FASTDL_INLINE D reciprocal_in_parts(D sum, D lost, D* low) {
  const D one = constant<D>(1), high = one / sum, product = sum * high;
  const D remainder = (one - product) - product_error(sum, high, product);
  *low = high * (remainder - lost * high);
  return high;
}

// e * (high + low), rounded nearly once.
template <class V> FASTDL_INLINE V times_parts(V e, V high, V low) {
  if constexpr (FASTDL_HAS_FMA)
    return fma(e, high, e * low);
  const V p = e * high;
  return p + (product_error(e, high, p) + e * low);
}

template <class V> FASTDL_INLINE V softmax_gradient(V g, V y, V dot) { return y * (g - dot); }
template <class V> FASTDL_INLINE V log_softmax_gradient(V g, V y, V sum) {
  return fma(-exp(y), sum, g);
}

} // namespace FASTDL_ISA
} // namespace fastdl
