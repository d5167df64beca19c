// Error functions and the logarithm of the gamma function with its derivative; see core/math.h for
// the words and for how errors are stated.
//
// Methods: the continued pieces of M. Abramowitz & I. A. Stegun, "Handbook of Mathematical
// Functions" (1964), chapters 6 and 7; polynomials by the Remez exchange for these ranges.
#pragma once
#include "core/explog.h"
#include "core/trig.h"

namespace fastdl {
namespace FASTDL_ISA {

// ---- error functions ------------------------------------------------------------------

// erf(x) / x - 1 for z = x^2 <= 1/4 (as float 0.77).
template <class V> FASTDL_INLINE V erf_tail(V z) {
  if constexpr (sizeof(scalar_of<V>) == 4)
    return polynomial(z, 0x1.06eba8p-3f, -0x1.812744p-2f, 0x1.ce2e8ep-4f, -0x1.b81a72p-6f,
                      0x1.5542a0p-8f, -0x1.aec878p-11f, 0x1.6cdbdcp-14f);
  else
    return polynomial(z, 0x1.06eba8214db68p-3, -0x1.812746b0379b5p-2, 0x1.ce2f21a03d8aap-4,
                      -0x1.b82ce30f2fd39p-6, 0x1.565bcbfa0558fp-8, -0x1.c02d4fbc6a2b5p-11,
                      0x1.f98dbed7f1649p-14, -0x1.f225c2def8d60p-17, 0x1.8b5278bc3bd66p-20);
}

// erfc(x) = exp(-x^2) P(1 / (x + 3)) / (x + 3) for x in [1/2, 28], the exponent, the exponential
// and the quotient in two parts each.
template <class V> FASTDL_INLINE V erfc_beyond_half(V x) {
  using M = MathConstants<scalar_of<V>>;
  const V square = -x * x, magic = round_magic<V>();
  const V n = fma(square, constant<V>(M::log2_e), magic) - magic;
  const V low = fma(n, constant<V>(-M::log_2_low), product_error(-x, x, square));
  const V high = fma(n, constant<V>(-M::log_2_high), square), r = high + low;
  V e_low, p_low, q_low, t_low, sum_low; // exp(-x^2) = 2^n (1 + e + e_low)
  const V e = fast_two_sum(r, fma(r * r, exp_tail(r), low - (r - high)), &e_low);
  const V shift = constant<V>(3), s = x + shift, s_low = x - (s - shift);
  const V inverse = constant<V>(1) / s;
  const V t = quotient_in_parts(constant<V>(1), s, s_low, inverse, &t_low);
  const V slope = constant<V>(7.875); // u in [-1, 1]
  const V u = fma(t, slope, fma(t_low, slope, constant<V>(-1.25)));
  const V higher = polynomial(
      u, 0x1.437bded232994p-1, 0x1.456f542d0fd09p-2, 0x1.0526c560074f7p-3, 0x1.383ea27afe9aep-5,
      0x1.c6da9c0fb24b1p-8, -0x1.86fba96cae3d3p-15, -0x1.b6371246a41ccp-12, -0x1.382ef65fa3142p-14,
      0x1.4286f22ce7deep-16, 0x1.0b0e1be0b3b20p-17, -0x1.097594320291ep-20, -0x1.96aba78f7efb2p-21,
      0x1.5179557677aa9p-24, 0x1.3fdee8219cec8p-24, -0x1.68bd45c2979c6p-27, -0x1.001ec965c061ep-27,
      0x1.d27b2d59f41d4p-30, 0x1.7e83eb6939005p-31, -0x1.09e420d010f0ap-32, -0x1.be96714e79038p-35,
      0x1.6c98915311efdp-36, 0x1.0cdbc5be8bc64p-39);
  const V product = u * higher;
  const V p = two_sum(constant<V>(0x1.0882cee619d0bp+0), product, &p_low);
  const V constants_low =
      fma(u, constant<V>(-0x1.313873fb3abe8p-55), constant<V>(-0x1.7f8f30c72546cp-56));
  p_low = p_low + (product_error(u, higher, product) + constants_low);
  const V q = quotient_in_parts(p, s, s_low, inverse, &q_low);
  const V more = q * e, sum = fast_two_sum(q, more, &sum_low);
  const V rest = fma(q, e_low, fma(p_low, inverse, q_low) * (constant<V>(1) + e));
  return scale(sum + (sum_low + (product_error(q, e, more) + rest)), n);
}

// erf.  As float x + x P(x^2) for |x| < 7/8, else 1 - exp(|x| Q(|x|)).  -0 at -0, +-1 at +-inf.
// Error: 1.19 ULP (1.33 without fma); double 1.35.
template <class V> FASTDL_INLINE V erf(V x) {
  const V magnitude = abs(x), one = constant<V>(1);
  const V near = fma(magnitude, erf_tail(x * x), magnitude);
  if constexpr (sizeof(scalar_of<V>) == 4) {
    const V y = min(constant<V>(4), magnitude);
    const V q = polynomial(y, -0x1.20e770p+0f, -0x1.457d1cp-1f, -0x1.ae656ap-4f, 0x1.7043dcp-6f,
                           -0x1.6ffc18p-9f, 0x1.44f5c0p-18f, 0x1.c8a138p-15f, -0x1.7c93d8p-18f);
    return copysign(select(magnitude < constant<V>(0.875f), near, one - exp(y * q)), x);
  } else {
    const V y = min(constant<V>(6), magnitude), half = constant<V>(0.5);
    return copysign(select(magnitude < half, near, one - erfc_beyond_half(max(half, y))), x);
  }
}

// erfc(x) = 1 - erf(x), without cancellation: 0 at inf (subnormal results before), 2 at -inf.
// Double: 1.64 ULP (2.95 without fma).
template <class V> FASTDL_INLINE V erfc(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return erfc(y); });
  } else {
    const V magnitude = abs(x), one = constant<V>(1), half = constant<V>(0.5);
    const V head = one - x, low = (one - head) - x;
    const V near = head - fma(x, erf_tail(x * x), -low);
    const V tail = erfc_beyond_half(max(half, min(constant<V>(28), magnitude)));
    const V far = select(x < V{}, constant<V>(2) - tail, tail);
    return select(magnitude >= half, far, near);
  }
}

// The inverse of erf: x + x P(x^2) for |x| <= 3/4, else s + Q(1 / (s + 2)) for s = sqrt(-log(1 -
// |x|)). -0 at -0, +-inf at +-1, NaN beyond.  Double: 1.43 ULP.
template <class V> FASTDL_INLINE V erfinv(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return erfinv(y); });
  } else {
    const V magnitude = abs(x), one = constant<V>(1), z = x * x;
    const V p = polynomial(
        z, -0x1.d203b725884acp-4, 0x1.db29fb2fee91cp-3, 0x1.053c2c0a81347p-3, 0x1.62847c78184eep-4,
        0x1.0a130d97a3fa2p-4, 0x1.a7cb71d93d215p-5, 0x1.5ea15eaac6e98p-5, 0x1.2f9900d7375afp-5,
        0x1.8e460749619d9p-6, 0x1.8e19058fa0321p-4, -0x1.e62856791612ep-2, 0x1.6b65d145b922ap+1,
        -0x1.8f034faae6f93p+3, 0x1.5e30c9d23f730p+5, -0x1.e40483cd5408dp+6, 0x1.06d88b7a1a416p+8,
        -0x1.bb0061c8792b0p+8, 0x1.1c082d9136e50p+9, -0x1.0bf2ddc419dbep+9, 0x1.5f45b851bd3a3p+8,
        -0x1.1e730da15d51ep+7, 0x1.b82b87d6de9e4p+4);
    const auto far = magnitude > constant<V>(0.75);
    const V w = -log(select(far, one - magnitude, constant<V>(0.25)));
    const V s = sqrt(w), square = s * s;
    const V s_low = ((w - square) - product_error(s, s, square)) / (s + s);
    const V u = fma(one / (s + constant<V>(2)), constant<V>(0x1.4f9f8d211fb7fp+3),
                    constant<V>(-0x1.2687027e0547bp+1));
    const V q = polynomial(u, -0x1.380d8516b1e0cp-2, -0x1.78b98c827fb23p-4, 0x1.5560da4e2b506p-6,
                           0x1.0f21626a84093p-7, 0x1.9a7bdf5840c03p-9, 0x1.05644a8ad9db7p-11,
                           0x1.81c120f1edf02p-15, -0x1.626648d4432d8p-15, -0x1.13936ee24ea37p-16,
                           -0x1.a2aa16b5a86a3p-18, -0x1.30c1f6caaf898p-21, 0x1.508b366312fc9p-25,
                           0x1.8980bd9b92623p-23, 0x1.884b5224d980ep-25, 0x1.395586f71b84bp-26,
                           -0x1.4d45e4969c3b1p-30, -0x1.5375300d4c79cp-32, -0x1.056326f718511p-30,
                           -0x1.93ec8f5b91659p-33, -0x1.4795e79ead3fbp-35, 0x1.05d17dd3ad942p-34,
                           -0x1.422de35e3cc43p-37);
    const V beyond = select(magnitude == one, infinity<V>(), s + (q + s_low));
    return copysign(select(far, beyond, fma(magnitude, p, magnitude)), x);
  }
}

// ---- the gamma function ---------------------------------------------------------------

// log |Gamma(x)|.
//   0 < x < 8: with x = t + k - 1, 1 <= t < 2, it is (t - 1) (t - 2) P(t) plus the logarithm of the
//     product t (t + 1) ... that Gamma(x) / Gamma(t) is (1 / x for x < 1);
//   x >= 8:    (x - 1/2) (log x - 1) + (log 2 pi - 1) / 2 + S(1 / x^2) / x (Stirling), the
//     logarithm in two parts;
//   x < 0:     log(pi / |x sin(pi x)|) - log Gamma(-x).
// inf at +-inf, 0 and the negative integers.  Double: 1.9 ULP (2.2 without fma); around its zeros,
// and for x < 0 where the parts cancel, an absolute error of 2e-15 max(1, log |x|).
template <class V> FASTDL_INLINE V lgamma_positive(V x) {
  using M = MathConstants<scalar_of<V>>;
  const V one = constant<V>(1), half = constant<V>(0.5);
  const auto large = x >= constant<V>(8), below_one = x < one;
  const V y = select(large, one, x), whole = floor(y), a = y - whole;
  V product = one, product_low = V{};
  for (int i = 1; i < 7; ++i) {
    const V factor = select(whole > constant<V>(i), a + constant<V>(i), one);
    const V next = product * factor;
    product_low = fma(product_low, factor, product_error(product, factor, next));
    product = next;
  }
  V k;
  const V argument = select(large, x, select(below_one, x, product));
  const V f = split(argument, &k) - one;
  const V low = select(large, V{}, select(below_one, V{}, product_low / product));
  const V tail = log_tail(f, fma(k, constant<V>(M::log_2_low), low));
  const V log_2_times_k = k * constant<V>(M::log_2_high);

  const V logarithm = log_2_times_k + (f + tail);
  const V p = polynomial(
      a - half, 0x1.eeb95b094c191p-2, -0x1.2aed059bd608ap-3, 0x1.01af62a2929bfp-4,
      -0x1.007aa83cee04ep-5, 0x1.133423527f3d1p-6, -0x1.34dbda14b4b32p-7, 0x1.64f0664c37bbap-8,
      -0x1.a50352204f7ecp-9, 0x1.f814babe45d39p-10, -0x1.313e8d5e11cf9p-10, 0x1.750a77e100a41p-11,
      -0x1.cb443b06cc0efp-12, 0x1.1c7e4e9357bc7p-12, -0x1.624994fae2863p-13, 0x1.b9e268b5bbef0p-14,
      -0x1.14fdaa47f684ep-14, 0x1.68fd72caeb9a8p-15, -0x1.cdc9653a843f6p-16, 0x1.ba1717783c09cp-17,
      -0x1.05120bfbff036p-17, 0x1.97a37f5b151e9p-17, -0x1.131a63859cc5bp-17);
  const V near = fma(a * (a - one), p, select(below_one, -logarithm, logarithm));

  V h_low, g_low;
  const V head = two_sum(log_2_times_k - one, f, &h_low); // k log(2) - 1 needs few bits
  const V g = fast_two_sum(head, h_low + tail, &g_low);
  const V factor = x - half, stirling = factor * g;
  const V inverse = one / x;
  const V s =
      inverse * polynomial(inverse * inverse, 0x1.5555555555555p-4, -0x1.6c16c16c16b32p-9,
                           0x1.a01a019ee9cdfp-11, -0x1.38137ecdcabb7p-11, 0x1.b94f76e6253edp-11,
                           -0x1.f600ec729fe9dp-10, 0x1.96ef685e10d8dp-8, -0x1.560f9831a4ce4p-6);
  const V error = product_error(factor, g, stirling) + factor * g_low;
  const V rest =
      (s + constant<V>(0x1.acfe390c97d69p-2)) + select(x < constant<V>(0x1p100), error, V{});
  return select(large, select(x < infinity<V>(), stirling + rest, x), near);
}

template <class V> FASTDL_INLINE V lgamma(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return lgamma(y); });
  } else {
    const V magnitude = abs(x), value = lgamma_positive(magnitude);
    const auto reflected = x < constant<V>(-0x1p-60); // nearer to 0 it is -log |x|
    if (!any(reflected))
      return value;
    V sine, cosine;
    sincos_2pi(abs(magnitude - round(magnitude)) * constant<V>(0.5), &sine, &cosine);
    V k;
    const V f = split(magnitude * sine * constant<V>(0x1.45f306dc9c883p-2), &k) - constant<V>(1);
    const V other = -log_plus(k, f, V{}, value);
    const auto pole = (sine == V{}) | (magnitude == infinity<V>());
    return select(reflected, select(pole, infinity<V>(), other), value);
  }
}

// The derivative of lgamma: log x - 1 / (2 x) - P(1 / x^2) / x^2 from 8 on, below by psi(x + 1) =
// psi(x) + 1 / x, for x < 0 psi(-x) - 1 / x - pi / tan(pi x).  -inf at 0, inf at -0 (the limits
// from their sides), NaN at the negative integers and -inf, inf at inf.  Double: 3 ULP for x > 0
// (3.6 without fma), around the zero and for x < 0 an absolute error of 4e-15 max(1, log |x|).
template <class V> FASTDL_INLINE V digamma(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return digamma(y); });
  } else {
    const V one = constant<V>(1), magnitude = abs(x);
    // The sum of 1 / y, 1 / (y + 1), ..., the smallest last, with what it rounds off.
    V y = magnitude, sum = V{}, sum_low = V{};
    for (int i = 0; i < 8; ++i) {
      const auto small = y < constant<V>(8);
      V low;
      sum = two_sum(sum, select(small, one / y, V{}), &low);
      sum_low = sum_low + low;
      y = select(small, y + one, y);
    }
    const V inverse = one / y, z = inverse * inverse;
    const V p = z * polynomial(z, 0x1.5555555555555p-4, -0x1.1111111110d77p-7, 0x1.04104101a9b1bp-8,
                               -0x1.11110c2dc0cb3p-8, 0x1.f07735cb4fc29p-8, -0x1.58e87bf601631p-6,
                               0x1.47dd0bb16b3e8p-4, -0x1.3302f9315218ap-2);
    const V positive = (log(y) - sum) - (fma(inverse, constant<V>(0.5), p) + sum_low);
    const auto reflected = x < V{};
    V value = positive;
    if (any(reflected)) {
      V sine, cosine;
      const V f = x - round(x);
      sincos_2pi(abs(f) * constant<V>(0.5), &sine, &cosine);
      const V cotangent = copysign(constant<V>(0x1.921fb54442d18p+1) * cosine / sine, f);
      value = select(reflected, select(f == V{}, quiet_nan<V>(), (positive - one / x) - cotangent),
                     positive);
    }
    return select(magnitude < constant<V>(0x1p-1000), -one / x, value);
  }
}

} // namespace FASTDL_ISA
} // namespace fastdl
