// Exponentials and logarithms beyond core/math.h, which see for the words and for how errors are
// stated: to other bases, hyperbolic functions and their inverses, log(1 - exp(-x)).  Where
// only an error of double is stated, floats are computed in double and rounded: 0.501 ULP.
#pragma once
#include "core/math.h"

namespace fastdl {
namespace FASTDL_ISA {

// ---- other bases ----------------------------------------------------------------------

template <class T> struct BaseConstants;
template <> struct BaseConstants<float> {
  static constexpr float log_2 = 0x1.62e430p-1f;
  static constexpr float exp2_low = -152, exp2_high = 130;
  static constexpr float log2_e = 0x1.715476p+0f, log2_e_low = 0x1.4ae0c0p-26f;
  static constexpr float log10_e = 0x1.bcb7b2p-2f, log10_e_low = -0x1.5b235ep-27f;
  // high has so few bits that n * high is exact for every exponent n
  static constexpr float log10_2_high = 0x1.344p-2f, log10_2_low = 0x1.3509f8p-18f;
};
template <> struct BaseConstants<double> {
  static constexpr double log_2 = 0x1.62e42fefa39efp-1;
  static constexpr double exp2_low = -1078, exp2_high = 1026;
  static constexpr double log2_e = 0x1.71547652b82fep+0, log2_e_low = 0x1.777d0ffda0d24p-56;
  static constexpr double log10_e = 0x1.bcb7b1526e50ep-2, log10_e_low = 0x1.95355baaafad3p-57;
  static constexpr double log10_2_high = 0x1.34413509f7p-2, log10_2_low = 0x1.3fde623e2566bp-43;
};

// 2^x: exact for integral x, 0 from x = -152 (double -1078) down; subnormal results are rounded
// once.  Error: 0.92 ULP (1.19 without fma); double 0.88.
template <class V> FASTDL_INLINE V exp2(V x) {
  using B = BaseConstants<scalar_of<V>>;
  const V y = max(constant<V>(B::exp2_low), min(constant<V>(B::exp2_high), x));
  const V n = (y + round_magic<V>()) - round_magic<V>(), one = constant<V>(1);
  const V r = (y - n) * constant<V>(B::log_2);
  return scale(fma(fma(exp_tail(r), r, one), r, one), n);
}

// log to the base 2: exact for powers of 2; -inf at 0 and -0, NaN below, inf at inf.
// Error: 1.81 ULP (1.97 without fma); double 1.53.
template <class V> FASTDL_INLINE V log2(V x) {
  using B = BaseConstants<scalar_of<V>>;
  V k;
  const V f = split(x, &k) - constant<V>(1), unit = constant<V>(B::log2_e), product = f * unit;
  const V low = fma(f, constant<V>(B::log2_e_low), product_error(f, unit, product));
  return k + (product + fma(log_tail(f, V{}), unit, low));
}

// log to the base 10: -inf at +-0, NaN below, inf at inf.  Error: 1.67 ULP (1.96); double 0.86.
template <class V> FASTDL_INLINE V log10(V x) {
  using B = BaseConstants<scalar_of<V>>;
  V k;
  const V f = split(x, &k) - constant<V>(1), unit = constant<V>(B::log10_e), product = f * unit;
  const V low = fma(f, constant<V>(B::log10_e_low), product_error(f, unit, product));
  const V rest = fma(log_tail(f, V{}), unit, fma(k, constant<V>(B::log10_2_low), low));
  return fma(k, constant<V>(B::log10_2_high), product + rest);
}

// ---- hyperbolic functions -------------------------------------------------------------

// exp(x) / 2 for x >= 0, inf only where that is.
template <class V> FASTDL_INLINE V half_exp(V x) {
  const V one = constant<V>(1);
  V n;
  const V r = reduce_exp(min(constant<V>(711), x), &n);
  return scale(fma(fma(exp_tail(r), r, one), r, one), n - one);
}

// sinh: x + x^3 P(x^2) for |x| < 1.  -0 at -0, +-inf at +-inf.  Double: 1.46 ULP.
template <class V> FASTDL_INLINE V sinh(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return sinh(y); });
  } else {
    const V magnitude = abs(x), z = x * x, half = half_exp(magnitude);
    const V p = polynomial(z, 0x1.5555555555556p-3, 0x1.11111111110a1p-7, 0x1.a01a01a0291d6p-13,
                           0x1.71de3a45f8c9ep-19, 0x1.ae6467654fd51p-26, 0x1.611a3a94c8e36p-33,
                           0x1.b4cf56c2f39d4p-41);
    const V small = fma(magnitude, z * p, magnitude);
    const V large = half - constant<V>(0.25) / half;
    return copysign(select(magnitude < constant<V>(1), small, large), x);
  }
}

// cosh: 1 at 0, inf at +-inf.  Double: 1.26 ULP.
template <class V> FASTDL_INLINE V cosh(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return cosh(y); });
  } else {
    const V half = half_exp(abs(x));
    return half + constant<V>(0.25) / half;
  }
}

// log(2^n (1 + x + low)) for 0 <= x < inf.
template <class V> FASTDL_INLINE V log1p_in_parts(V x, V low, V n = V{}) {
  V k;
  const V f = reduce_log1p(x, &k);
  return log_of_parts(k + n, f, low / (constant<V>(1) + x));
}

// Beyond this 1 + x and the roots of 1 + x^2 and x^2 - 1 are x.
template <class V> FASTDL_INLINE V hyperbolic_far() { return constant<V>(0x1p500); }

// asinh(x) = log1p(|x| + x^2 / (1 + sqrt(1 + x^2))), with the sum in two parts.  -0 at -0, +-inf at
// +-inf.  Double: 1.02 ULP.
template <class V> FASTDL_INLINE V asinh(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return asinh(y); });
  } else {
    const V magnitude = abs(x), one = constant<V>(1);
    const auto far = magnitude > hyperbolic_far<V>();
    const V y = select(far, one, magnitude), square = y * y;
    V low;
    const V sum = fast_two_sum(y, square / (one + sqrt(square + one)), &low);
    const V result =
        log1p_in_parts(select(far, magnitude, sum), select(far, V{}, low), select(far, one, V{}));
    return select(magnitude < infinity<V>(), copysign(result, x), x);
  }
}

// acosh(1 + t) = log1p(t + sqrt(t (t + 2))), with t and the sum in two parts.  NaN below 1, 0 at 1,
// inf at inf.  Double: 0.79 ULP.
template <class V> FASTDL_INLINE V acosh(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return acosh(y); });
  } else {
    const V one = constant<V>(1), two = constant<V>(2);
    const auto far = x > hyperbolic_far<V>();
    const V y = select(far, two, x);
    V t_low, v_low, low;
    const V t = fast_two_sum(y, -one, &t_low), v = two_sum(t, two, &v_low), square = t * v;
    const V root = sqrt(square), rooted = root * root;
    const V square_low = product_error(t, v, square) + fma(t, v_low + t_low, t_low * v);
    const V rest = (square - rooted) - product_error(root, root, rooted) + square_low;
    const V sum = fast_two_sum(root, t, &low);
    low = low + (t_low + rest / max(root + root, constant<V>(Ieee<scalar_of<V>>::min_normal)));
    const V result =
        log1p_in_parts(select(far, x, sum), select(far, V{}, low), select(far, one, V{}));
    return select(x < infinity<V>(), select(x < one, quiet_nan<V>(), result), x);
  }
}

// atanh(x) = log1p(2 |x| / (1 - |x|)) / 2, with the quotient in two parts.  -0 at -0, +-inf at +-1,
// NaN beyond.  Double: 0.82 ULP.
template <class V> FASTDL_INLINE V atanh(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return atanh(y); });
  } else {
    const V magnitude = abs(x), one = constant<V>(1);
    const auto inside = magnitude < one;
    const V y = select(inside, magnitude, V{});
    V y_low, low;
    const V denominator = fast_two_sum(one, -y, &y_low);
    const V q = quotient_in_parts(y + y, denominator, y_low, one / denominator, &low);
    const V result = constant<V>(0.5) * log1p_in_parts(q, low);
    const V outside = select(magnitude == one, infinity<V>(), quiet_nan<V>());
    return copysign(select(inside, result, outside), x);
  }
}

// shift + k log(2) + log(1 + f) + low, all finite, rounded once but for a hair.
template <class V> FASTDL_INLINE V log_plus(V k, V f, V low, V shift) {
  using M = MathConstants<scalar_of<V>>;
  V lost, lost_too;
  const V head = two_sum(shift, k * constant<V>(M::log_2_high), &lost);
  const V sum = two_sum(head, f, &lost_too);
  return sum + (log_tail(f, fma(k, constant<V>(M::log_2_low), low)) + (lost + lost_too));
}

// ---- log(1 - exp(-x)) -----------------------------------------------------------------

// 1 - exp(-x) = 2^k (1 + f) (1 + low) for 0 <= x <= 700.
template <class V> struct OneMinusExp {
  V k, f, low;
};
// Where exp(-x) = 2^n (1 + t) is above 1/4, it is (1 - 2^n) - 2^n t, formed in two parts.
template <class V> FASTDL_INLINE OneMinusExp<V> one_minus_exp(V x) {
  const V one = constant<V>(1), tiny = constant<V>(Ieee<scalar_of<V>>::min_normal);
  V n, low_near, low_far, u_low, e_low, k;
  const V r = reduce_exp(-x, &n), t_low = r * r * exp_tail(r);
  const V power = exp2_integer(n), part = power * r;
  const V head = two_sum(one - power, -part, &low_near);
  const V u = two_sum(head, low_near - power * t_low, &u_low);
  const V m = split(u, &k);
  const V whole = fast_two_sum(power, part, &low_far);
  const V e = fast_two_sum(whole, fma(power, t_low, low_far), &e_low); // exp(-x)
  const auto far = e <= constant<V>(0.25);
  return {select(far, V{}, k), select(far, -e, m - one),
          select(far, -e_low / (one - e), u_low / max(tiny, u))};
}

// log(1 - exp(-x)) for x >= 0 (the sign of jax.nn.log1mexp).  M. Maechler, "Accurately computing
// log(1 - exp(-|a|))" (2012), goes from log(-expm1(-x)) to log1p(-exp(-x)) at log 2; here at log 4,
// with the argument in two parts.  -inf at 0, -0 at inf, NaN below 0.  Double: 1.15 ULP.
template <class V> FASTDL_INLINE V log1mexp(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return log1mexp(y); });
  } else {
    const auto inside = (x >= V{}) & (x < constant<V>(700));
    const OneMinusExp<V> u = one_minus_exp(select(inside, x, constant<V>(1)));
    const V outside = select(x < V{}, quiet_nan<V>(), -exp(-x));
    return select(inside, log_of_parts(u.k, u.f, u.low), outside);
  }
}

// log(exp(x) - 1) = x + log(1 - exp(-x)), the inverse of softplus (softplus_inverse of TensorFlow
// Probability): -inf at 0, inf at inf, NaN below 0.  Double: 1.14 ULP.
template <class V> FASTDL_INLINE V softplus_inverse(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return softplus_inverse(y); });
  } else {
    const auto inside = (x > V{}) & (x < constant<V>(40));
    const OneMinusExp<V> u = one_minus_exp(select(inside, x, constant<V>(1)));
    const V outside = select(x == V{}, -infinity<V>(), select(x < V{}, quiet_nan<V>(), x));
    return select(inside, log_plus(u.k, u.f, u.low, x), outside);
  }
}

} // namespace FASTDL_ISA
} // namespace fastdl
