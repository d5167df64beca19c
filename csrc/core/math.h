// Elementary functions, each written once for V = float, double or a vector of them.  No tables, no
// branches (but gelu has both on AVX-512); evaluated in the type's own arithmetic.  Stated errors
// are the largest over all 2^32 floats (float) or among random and edge points (double), on every
// instruction set, with and without fused multiply-add.  NaN gives NaN; subnormal inputs and
// results are rounded like others.
//
// Methods: argument reduction as in J.-M. Muller, "Elementary Functions" (3rd ed., 2016); two-part
// log(2) after Cody & Waite (1980); the log of doubles by s = f / (2 + f) after P. T. P. Tang
// (1990). The minimax coefficients were computed for these ranges by the Remez exchange.
#pragma once

#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/pieces.h"
#include "core/simd.h"
#endif

namespace fastdl {
namespace FASTDL_ISA {

// c0 + c1 x + c2 x^2 + ... (Horner).
template <class V> FASTDL_INLINE V polynomial(V, scalar_of<V> c0) { return constant<V>(c0); }
template <class V, class... C> FASTDL_INLINE V polynomial(V x, scalar_of<V> c0, C... higher) {
  return fma(polynomial(x, higher...), x, constant<V>(c0));
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

// x / (y + y_low) in two parts, the second one small; inverse: 1 / y, nearly.
template <class V> FASTDL_INLINE V quotient_in_parts(V x, V y, V y_low, V inverse, V* low) {
  const V q = x * inverse;
  V remainder;
  if constexpr (FASTDL_HAS_FMA) {
    remainder = fma(-q, y, x);
  } else {
    const V product = q * y;
    remainder = (x - product) - product_error(q, y, product);
  }
  *low = inverse * fma(-q, y_low, remainder);
  return q;
}

template <class T> struct MathConstants;
template <> struct MathConstants<float> {
  static constexpr float log2_e = 0x1.715476p+0f;
  // log(2) = high + low; high has so few bits that n * high is exact for every exponent n.
  static constexpr float log_2_high = 0x1.62e4p-1f, log_2_low = 0x1.7f7d1cp-20f;
  static constexpr float half_pi = 0x1.921fb6p+0f, half_pi_low = -0x1.777a5cp-25f;
  // exp(x) is 0 below exp_low, inf above exp_high; exp(x) - 1 is -1 below expm1_low.
  static constexpr float exp_low = -104, exp_high = 89, expm1_low = -18;
  static constexpr float tanh_high = 10; // tanh(x) is 1 from here on
  // GELU(-x) is 0 from here on, exactly and as defined with tanh.
  static constexpr float gelu_high = 15, gelu_tanh_high = 12;
  static constexpr float silu_high = 112; // silu(-x) is 0 from here on
};
template <> struct MathConstants<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0;
  static constexpr double log_2_high = 0x1.62e42fefa38p-1, log_2_low = 0x1.ef35793c7673p-45;
  static constexpr double half_pi = 0x1.921fb54442d18p+0, half_pi_low = 0x1.1a62633145c07p-54;
  static constexpr double exp_low = -746, exp_high = 710, expm1_low = -38;
  static constexpr double tanh_high = 20;
  static constexpr double gelu_high = 40, gelu_tanh_high = 23;
  static constexpr double silu_high = 756;
};

// ---- exponentials ---------------------------------------------------------------------

// x = n log(2) + r with n integral and |r| <= log(2)/2 (a little more without fma).
template <class V> FASTDL_INLINE V reduce_exp(V x, V* n) {
  using M = MathConstants<scalar_of<V>>;
  const V magic = round_magic<V>();
  *n = fma(x, constant<V>(M::log2_e), magic) - magic;
  return fma(*n, constant<V>(-M::log_2_low), fma(*n, constant<V>(-M::log_2_high), x));
}

// (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2; as part of exp(r) in error by 2^-28.2, 2^-60.
template <class V> FASTDL_INLINE V exp_tail(V r) {
  if constexpr (sizeof(scalar_of<V>) == 4)
    return polynomial(r, 0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.55585ap-5f, 0x1.123d04p-7f,
                      0x1.6aae48p-10f);
  else
    return polynomial(r, 0x1.0000000000000p-1, 0x1.555555555555bp-3, 0x1.5555555555503p-5,
                      0x1.111111110ec40p-7, 0x1.6c16c16c305ebp-10, 0x1.a01a01b389f9dp-13,
                      0x1.a01a0136494f3p-16, 0x1.71ddf002bea25p-19, 0x1.27e5b49dc15b9p-22,
                      0x1.af6c1d5f000d6p-26, 0x1.1e3cf69c82f55p-29);
}

// exp: 0 from x = -104 (double -746) down, inf where the result exceeds the largest number;
// subnormal results are rounded once.  Error: 0.90 ULP (1.17 without fma); double 0.87 (1.10).
template <class V> FASTDL_INLINE V exp(V x) {
  using M = MathConstants<scalar_of<V>>;
  const V one = constant<V>(1);
  V n;
  const V r = reduce_exp(max(constant<V>(M::exp_low), min(constant<V>(M::exp_high), x)), &n);
  return scale(fma(fma(exp_tail(r), r, one), r, one), n);
}

// exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1), halved so that 2^n stays finite.  -1 at -inf, -0 at
// -0, x for tiny x.  Error: 1.30 ULP; double 1.41.
template <class V> FASTDL_INLINE V expm1(V x) {
  using M = MathConstants<scalar_of<V>>;
  V n;
  const V r = reduce_exp(max(constant<V>(M::expm1_low), min(constant<V>(M::exp_high), x)), &n);
  const V tail = r * r * exp_tail(r); // exp(r) - 1 - r, the last to be added
  const V half_power = exp2_integer(n - constant<V>(1));
  const V half_result = fma(half_power, tail, fma(half_power, r, half_power - constant<V>(0.5)));
  // For n = 0 nothing is halved, since it may be subnormal; -0 gets its sign back.
  return copysign(select(n == V{}, r + tail, half_result + half_result), x);
}

// ---- logarithms -----------------------------------------------------------------------

// log(1 + f) - f + low for f in [-0.25, 0.5], |low| small.
template <class V> FASTDL_INLINE V log_tail(V f, V low) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    const V f2 = f * f;
    const V p = polynomial(f, 0x1.5555a4p-2f, -0x1.000046p-2f, 0x1.99695ep-3f, -0x1.54ed86p-3f,
                           0x1.288550p-3f, -0x1.0db8eep-3f, 0x1.ad917cp-4f, -0x1.72d96cp-5f);
    return fma(f2, constant<V>(-0.5), fma(f2 * f, p, low));
  } else {
    const V s = f / (f + constant<V>(2)), z = s * s, half_f2 = f * f * constant<V>(0.5);
    const V p = z * polynomial(z, 0x1.5555555555777p-1, 0x1.99999998f0772p-2, 0x1.249249b252f55p-2,
                               0x1.c71c014658cb7p-3, 0x1.7474e785d81dap-3, 0x1.385275e777d33p-3,
                               0x1.3ac1291357283p-3);
    return fma(s, half_f2 + p, low) - half_f2;
  }
}

// k log(2) + log(1 + f), and with what is lost in 1 + f (relative to it).
template <class V> FASTDL_INLINE V log_of_parts(V k, V f) {
  using M = MathConstants<scalar_of<V>>;
  return fma(k, constant<V>(M::log_2_high), f + log_tail(f, k * constant<V>(M::log_2_low)));
}
template <class V> FASTDL_INLINE V log_of_parts(V k, V f, V low) {
  using M = MathConstants<scalar_of<V>>;
  return fma(k, constant<V>(M::log_2_high),
             f + log_tail(f, fma(k, constant<V>(M::log_2_low), low)));
}

// log: -inf at 0 and -0, NaN below, inf at inf, 0 at 1.  Error: 0.91 ULP; double 0.92.
template <class V> FASTDL_INLINE V log(V x) {
  V k;
  const V m = split(x, &k);
  return log_of_parts(k, m - constant<V>(1));
}

// 1 + x = 2^k (1 + f) for -1 < x < inf.  1 + x is rounded to find the exponent k only; f = 2^-k x +
// (2^-k - 1) is formed from x itself, without error.
template <class V> FASTDL_INLINE V reduce_log1p(V x, V* k) {
  using T = scalar_of<V>;
  using I = Ieee<T>;
  using U = decltype(I::sign);
  const auto offset =
      bit_cast<uint_of<V>>(x + constant<V>(1)) - uint_constant<V>(bit_cast<U>(T(0.75)));
  const auto k_bits = offset & uint_constant<V>(I::infinity | I::sign); // k << mantissa_bits
  const V four_power = bit_cast<V>(uint_constant<V>(bit_cast<U>(T(4))) - k_bits); // 4 * 2^-k
  constexpr T two_p = T(uint64_t(1) << I::mantissa_bits);
  *k = bit_cast<V>(((k_bits + uint_constant<V>(bit_cast<U>(T(1)))) >> I::mantissa_bits) |
                   uint_constant<V>(bit_cast<U>(two_p))) -
       constant<V>(two_p + T(I::exponent_bias));
  // x may be zero or subnormal only where k is 0.
  const V scaled = bit_cast<V>(bit_cast<uint_of<V>>(x) - k_bits);
  return scaled + fma(four_power, constant<V>(0.25), constant<V>(-1));
}

// log(1 + x): -inf at -1, NaN below, inf at inf, -0 at -0, x for tiny x.
// Error: 0.92 ULP; double 0.95.
template <class V> FASTDL_INLINE V log1p(V x) {
  V k;
  const V f = reduce_log1p(x, &k);
  const V inside = copysign(log_of_parts(k, f), x);
  const V outside =
      select(x == constant<V>(-1), -infinity<V>(), select(x < constant<V>(-1), quiet_nan<V>(), x));
  return select((x > constant<V>(-1)) & (x < infinity<V>()), inside, outside);
}

// ---- activations ----------------------------------------------------------------------

// 1 / (1 + exp(-x)).  With exp(-x) = 2^n (1 + t) and a = 2^-|n|, the denominator times 2^-max(n, 0)
// is 1 + (a + t) or 1 + (a + a t): nothing overflows.  0 at -inf (subnormal results before), 1 at
// inf.  Error: 1.44 ULP; double 1.36.
template <class V> FASTDL_INLINE V sigmoid(V x) {
  using M = MathConstants<scalar_of<V>>;
  const V one = constant<V>(1), bound = constant<V>(-M::exp_low);
  V n;
  const V r = reduce_exp(max(-bound, min(bound, -x)), &n);
  const V t = fma(r * r, exp_tail(r), r);
  const V a = exp2_integer(max(constant<V>(2 - Ieee<scalar_of<V>>::exponent_bias), -abs(n)));
  const V b = fma(select(n > V{}, one, a), t, a), denominator = one + b;
  const V lost = b - (denominator - one), q = one / denominator; // exactly what the sum rounded off
  return scale(fma(-(q * lost), q, q), min(V{}, -n));
}

// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)): 0 at -inf (subnormal results before), inf at inf.
// Error: 1.74 ULP; double 1.57.
template <class V> FASTDL_INLINE V softplus(V x) {
  const V z = exp(-abs(x)), half = constant<V>(0.5), one = constant<V>(1);
  const auto large = z > half; // there 1 + z = 2 (1 + (z - 1) / 2), exactly
  const V log1p_z = log_of_parts(select(large, one, V{}), select(large, (z - one) * half, z));
  return max(V{}, x) + log1p_z;
}

// log(sigmoid(x)) = -softplus(-x), with its errors.
template <class V> FASTDL_INLINE V logsigmoid(V x) { return -softplus(-x); }

// tanh: x + x^3 P(x^2) for |x| < 0.625, 1 - 2 / (exp(2 |x|) + 1) from there.  -0 at -0, x for tiny
// x, +-1 at +-inf.  Error: 1.37 ULP; double 1.31.
template <class V> FASTDL_INLINE V tanh(V x) {
  using T = scalar_of<V>;
  using M = MathConstants<T>;
  const V magnitude = abs(x), one = constant<V>(1), z = x * x;
  V p;
  if constexpr (sizeof(T) == 4)
    p = polynomial(z, -0x1.555532p-2f, 0x1.1106f6p-3f, -0x1.b835a4p-5f, 0x1.51f8dcp-6f,
                   -0x1.750d86p-8f);
  else
    p = polynomial(z, -0x1.55555555554fep-2, 0x1.111111110ab87p-3, -0x1.ba1ba1b4f78d1p-5,
                   0x1.664f47783e28fp-6, -0x1.226e15ea94f0ap-7, 0x1.d6cf208f72cd3p-9,
                   -0x1.7d6860e23245bp-10, 0x1.3364b453e43f1p-11, -0x1.df4d4c21d7fa0p-13,
                   0x1.43855ba89651ap-14, -0x1.0d9d729cbe0b1p-16);
  const V small = fma(magnitude, z * p, magnitude);
  V n;
  const V y = min(constant<V>(M::tanh_high), magnitude);
  const V r = reduce_exp(y + y, &n);
  const V exp_r = fma(fma(exp_tail(r), r, one), r, one);
  const V large = one - constant<V>(2) / fma(exp2_integer(n), exp_r, one);
  return copysign(select(magnitude < constant<V>(0.625), small, large), x);
}

#if defined(__AVX512F__)
// A function's polynomial at z: constant + u rest.
struct Piece {
  Vec<float> constant, u, rest;
};
FASTDL_INLINE Piece look_up(const Pieces& table, Vec<float> z) {
  const auto i = bit_cast<Vec<int32_t>>(
      fma(z, splat(table.step_inverse), round_magic<Vec<float>>())); // in the low bits
  const Vec<float> u = z - look_up(table.centers, i);
  Vec<float> rest = look_up(table.rows[6], i);
  for (int k = 5; k > 0; --k)
    rest = fma(rest, u, look_up(table.rows[k], i));
  return {look_up(table.rows[0], i), u, rest};
}

// The same in two thirds of the time, from a table.  Error: 1.01 ULP.
FASTDL_INLINE Vec<float> tanh(Vec<float> x) {
  const Piece piece = look_up(kTanhPieces, min(splat(kTanhLimit), abs(x)));
  return copysign(fma(piece.u, piece.rest, piece.constant), x);
}
#endif

// 2 (z + 3/2) P(z) - 1 for w = 1 / (z + 3/2), where P(z) = exp(z^2 / 2) Phi(-z), Phi the normal
// distribution function, z >= 0 to where x Phi(x) is 0.  In error by 2^-26.4 (2^-55.6) of P.
template <class V> FASTDL_INLINE V mills_ratio(V w) {
  if constexpr (sizeof(scalar_of<V>) == 4)
    return polynomial(fma(w, constant<V>(3.25f), constant<V>(-1.25f)), 0x1.2ae304p-2f,
                      0x1.4d71c8p-2f, -0x1.ba9f8ep-4f, -0x1.a2419ep-7f, 0x1.4d5e8ep-6f,
                      -0x1.c0c152p-8f, -0x1.353dd2p-12f, 0x1.a012acp-10f, -0x1.0d88fap-10f,
                      0x1.1530d0p-12f, 0x1.80af14p-13f, -0x1.0c3f5ap-13f);
  else
    return polynomial(fma(w, constant<V>(0x1.8ec4ec4ec4ec5p+1), constant<V>(-0x1.13b13b13b13b1p+0)),
                      0x1.fde74cfc4beb7p-3, 0x1.783a483a084c5p-2, -0x1.c2c78dc506aa0p-4,
                      -0x1.c0e65b79929e0p-6, 0x1.db0150c766e68p-6, -0x1.e1ad6c7f9ad9bp-8,
                      -0x1.7499334053466p-9, 0x1.d364bf0700c39p-9, -0x1.996ded4c9eb1dp-10,
                      0x1.3223cafb3e121p-14, 0x1.b4177c74c59b7p-12, -0x1.6ca401925ec07p-12,
                      0x1.3687c71a6fc52p-13, -0x1.1d39131587775p-17, -0x1.6e348db12ec96p-15,
                      0x1.614df9a76a2cap-15, -0x1.77b283bf9adedp-16, 0x1.615985d39784ap-18,
                      0x1.05207aa4d770ap-19, -0x1.d95f7ecba8664p-19, 0x1.8d87a16971840p-18,
                      -0x1.483b4f2dffa6ep-18, -0x1.6ddaa66838f09p-19, 0x1.36f3b11f63003p-18,
                      0x1.8ae8985c4962ap-19, -0x1.14a00fa5b47c1p-18, -0x1.86bc13fde1376p-19,
                      0x1.d8cfb32ed04abp-19, 0x1.6944a3cc4c11fp-20, -0x1.e9374d8806cc5p-20,
                      -0x1.2e4d145c94dc6p-22, 0x1.08d7ddec40fd2p-21, 0x1.56bac59db1640p-26,
                      -0x1.d93e93953a0e8p-25);
}

// x Phi(x), Phi the normal distribution function: for x = -z it is -z exp(-z^2 / 2) P(z), where
// nothing cancels, and x more for x = z.  -0 at -inf, inf at inf, -0 at -0.  Error: 1.90 ULP (1.96
// without fma); double 1.4.
template <class V> FASTDL_INLINE V gelu(V x) {
  using M = MathConstants<scalar_of<V>>;
  const V z = min(constant<V>(M::gelu_high), abs(x)), magic = round_magic<V>();
  // exp(-z^2 / 2) = 2^n (1 + p), with what z^2 rounds off.
  const V half = z * constant<V>(0.5), y = -half * z;
  const V n = fma(y, constant<V>(M::log2_e), magic) - magic;
  const V low = fma(n, constant<V>(-M::log_2_low), product_error(-half, z, y));
  const V high = fma(n, constant<V>(-M::log_2_high), y), r = high + low;
  const V p = r + fma(r * r, exp_tail(r), low - (r - high));
  // z / (z + 3/2) = q + q_low; times (1 + p) (1 + b) = 1 + m.
  const V shift = constant<V>(1.5), s = z + shift, w = near_inverse(s);
  V q_low;
  const V q = quotient_in_parts(z, s, z - (s - shift), w, &q_low);
  const V b = mills_ratio(w);
  V product;
  if constexpr (FASTDL_HAS_FMA) {
    const V m = p + fma(b, p, b);
    product = q + fma(q, m, fma(q_low, m, q_low));
  } else { // both in two parts
    V m_low, lost, sum_low;
    const V m = two_sum(two_sum(p, b, &lost), b * p, &m_low);
    const V more = q * m, sum = two_sum(q, more, &sum_low), rest = q_low * m + q_low;
    product = sum + (sum_low + (product_error(q, m, more) + (q * (m_low + lost) + rest)));
  }
  const V below = -scale(product, n - constant<V>(1));
  return select(x < V{}, below, x + below);
}

#if defined(__AVX512F__)
// The same in half the time: Phi(-|x|) from a table up to |x| = 5.5.  From there on x Phi(x) is x
// on the positive side; the negative side takes the formula above, lane by lane, so that the
// neighbours of a number do not change it.  Error: 1.71 ULP (0.83 above 0).
FASTDL_INLINE Vec<float> gelu(Vec<float> x) {
  const Vec<float> z = min(splat(kGeluLimit), abs(x));
  const Piece phi = look_up(kGeluPieces, z);
  const Vec<float> below = fma(z, phi.constant, z * phi.u * phi.rest); // z Phi(-z)
  const Vec<float> y = copysign(max(Vec<float>{}, x) - below, x);
  const __mmask16 far = _mm512_cmp_ps_mask(x, splat(-kGeluLimit), _CMP_LT_OQ);
  if (__builtin_expect(far != 0, 0))
    return _mm512_mask_blend_ps(far, y, gelu<Vec<float>>(x));
  return y;
}
#endif

// y / (1 + exp(-v - v_low)), where exp(-v) may be as far beyond the numbers as v is within `scale`.
// As in sigmoid: the denominator times 2^-max(n, 0).
template <class V> FASTDL_INLINE V times_sigmoid(V y, V v, V v_low) {
  const V one = constant<V>(1);
  V n;
  const V r = reduce_exp(-v, &n) - v_low;
  const V t = fma(r * r, exp_tail(r), r);
  const V a = exp2_integer(max(constant<V>(2 - Ieee<scalar_of<V>>::exponent_bias), -abs(n)));
  const V b = fma(select(n > V{}, one, a), t, a), denominator = one + b;
  V q_low;
  const V q =
      quotient_in_parts(y, denominator, b - (denominator - one), near_inverse(denominator), &q_low);
  return scale(q + q_low, min(V{}, -n));
}

// x / (1 + exp(-x)): -0 at -inf (subnormal results before), inf at inf, -0 at -0.  Error: 1.19 ULP.
template <class V> FASTDL_INLINE V silu(V x) {
  const V bound = constant<V>(MathConstants<scalar_of<V>>::silu_high);
  const V y = max(-bound, min(bound, x));
  return select(x > bound, x, copysign(times_sigmoid(y, y, V{}), x));
}

// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 = x / (1 + exp(-v)), the exponent v = x (c +
// 0.044715 c x^2) in two parts.  -0 at -inf, inf at inf, -0 at -0.  Error: 1.48 ULP;
// double 1.1.
template <class V> FASTDL_INLINE V gelu_tanh(V x) {
  using T = scalar_of<V>;
  using M = MathConstants<T>;
  const V bound = constant<V>(M::gelu_tanh_high);
  constexpr bool single = sizeof(T) == 4;
  const V c = constant<V>(single ? T(0x1.9884540000000p+0) : T(0x1.9884533d43651p+0));
  const V c_low = constant<V>(single ? T(-0x1.8579360000000p-25) : T(-0x1.cbc0d30ebfd15p-54));
  const V d = constant<V>(single ? T(0x1.2444f20000000p-4) : T(0x1.2444f2a4d8b4bp-4));
  const V d_low = constant<V>(single ? T(0x1.49b16a0000000p-29) : T(-0x1.6c843a29d1c70p-61));
  const V y = max(-bound, min(bound, x));
  const V y2 = y * y, e = d * y2;
  const V e_low = product_error(d, y2, e) + fma(d_low, y2, d * product_error(y, y, y2));
  const V k = c + e, back = k - c; // two_sum
  const V k_low = ((c - (k - back)) + (e - back)) + (c_low + e_low);
  const V v = y * k, v_low = fma(y, k_low, product_error(y, k, v));
  return select(x > bound, x, copysign(times_sigmoid(y, v, v_low), x));
}

// sin(2 pi u) and cos(2 pi u) for 0 <= u <= 1 (Box-Muller).
// Error: 0.97 ULP (1.65 without fma); double 0.85 (1.55).
template <class V> FASTDL_INLINE void sincos_2pi(V u, V* sin_out, V* cos_out) {
  using T = scalar_of<V>;
  // 4u = q + r: the quarter turn q = 0 ... 4, and r in [-0.5, 0.5] exactly.
  const V turns = u * constant<V>(4), shifted = turns + round_magic<V>();
  const V r = turns - (shifted - round_magic<V>()), z = r * r;
  V s, c;
  if constexpr (sizeof(T) == 4) {
    s = polynomial(z, -0x1.4abbc0p-1f, 0x1.46607ep-4f, -0x1.2ddcdep-8f);
    c = polynomial(z, -0x1.3bd3ccp+0f, 0x1.03c1aep-2f, -0x1.55b146p-6f, 0x1.d47d64p-11f);
  } else {
    s = polynomial(z, -0x1.4abbce625be47p-1, 0x1.466bc67758df5p-4, -0x1.32d2cce339b5dp-8,
                   0x1.50783020edf9ap-13, -0x1.e300aac00c3c3p-19, 0x1.e40522f988eaap-25);
    c = polynomial(z, -0x1.3bd3cc9be45dep+0, 0x1.03c1f081b5a4fp-2, -0x1.55d3c7e3bf5b2p-6,
                   0x1.e1f506749be49p-11, -0x1.a6d1e13aecaafp-16, 0x1.f9c3d6191dd9ap-22,
                   -0x1.afef33c1ca355p-28);
  }
  const V s_tail = r * fma(z, s, constant<V>(MathConstants<T>::half_pi_low));
  s = fma(r, constant<V>(MathConstants<T>::half_pi), s_tail);
  c = fma(z, c, constant<V>(1));
  // The low bits of q: an odd quarter turn exchanges sine and cosine, the second bit negates.
  const auto q = bit_cast<uint_of<V>>(shifted);
  const auto odd = (q & uint_constant<V>(1)) != uint_constant<V>(0);
  constexpr int to_sign = sizeof(T) * 8 - 2; // from bit 1 to the sign bit
  const auto sign = uint_constant<V>(Ieee<T>::sign);
  const auto sin_sign = (q << to_sign) & sign,
             cos_sign = ((q + uint_constant<V>(1)) << to_sign) & sign;
  *sin_out = bit_cast<V>(bit_cast<uint_of<V>>(select(odd, c, s)) ^ sin_sign);
  *cos_out = bit_cast<V>(bit_cast<uint_of<V>>(select(odd, s, c)) ^ cos_sign);
}

} // namespace FASTDL_ISA
} // namespace fastdl
