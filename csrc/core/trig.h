// Trigonometric functions and their inverses; see core/math.h for the words and core/explog.h for
// how errors are stated.  Arguments of any size are reduced by all the bits of pi that it takes.
//
// Methods: multiples of pi/2 are subtracted in parts after Cody & Waite (1980); of huge arguments
// after M. Payne & R. Hanek, "Radian reduction for trigonometric functions", SIGNUM 18 (1983), one
// by one.  Polynomials by the Remez exchange for these ranges.
#pragma once
#include "core/math.h"

namespace fastdl {
namespace FASTDL_ISA {

// ---- reduction ------------------------------------------------------------------------

// x = q pi/2 + r + low, |r| <= pi/4 (a little more), low below its last bit; q modulo 4.
template <class V> struct Angle {
  V r, low;
  uint_of<V> q;
};

#ifdef __CUDACC_RTC__
FASTDL_INLINE uint64_t multiply_high(uint64_t a, uint64_t b) { return __umul64hi(a, b); }
FASTDL_INLINE int leading_zeros(uint64_t x) { return __clzll(static_cast<int64_t>(x)); }
#else
FASTDL_INLINE uint64_t multiply_high(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(a) * b) >> 64);
}
FASTDL_INLINE int leading_zeros(uint64_t x) { return __builtin_clzll(x); }
#endif

// The bits of 2/pi, after 64 zeros.
FASTDL_INLINE uint64_t two_over_pi(int i) {
  static constexpr uint64_t words[] = {0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0,
                                       0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
                                       0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
                                       0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
                                       0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
                                       0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea,
                                       0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};
  return words[i];
}

// For a finite |x| from 2^20 on.  x = m 2^e with an integer m of 53 bits; of 2/pi the 192 bits from
// the one on that times 2^e is 2 matter: those before make multiples of 4, those after less than
// 2^-137, while no double is closer than 2^-62 to a multiple of pi/2.
FASTDL_INLINE Angle<double> reduce_huge(double x) {
  const uint64_t bits = bit_cast<uint64_t>(x), m = (bits & 0xfffffffffffff) | 0x10000000000000;
  const int e = static_cast<int>(bits >> 52 & 0x7ff) - 1075;
  const int word = (e + 62) / 64, shift = (e + 62) % 64;
  uint64_t f[3];
  for (int i = 0; i < 3; ++i)
    f[i] = shift ? two_over_pi(word + i) << shift | two_over_pi(word + i + 1) >> (64 - shift)
                 : two_over_pi(word + i);
  // m f modulo 2^192, and without the two bits that are the quarter turns.
  const uint64_t low = m * f[2], middle = m * f[1] + multiply_high(m, f[2]);
  const uint64_t high = m * f[0] + multiply_high(m, f[1]) + (middle < m * f[1]);
  uint64_t a = high << 2 | middle >> 62, b = middle << 2 | low >> 62, c = low << 2;
  // The rest is a fraction of a quarter turn: -1/2 ... 1/2 by two's complement.
  const bool negative = a >> 63;
  const uint64_t q = (high >> 62) + negative;
  if (negative) {
    c = ~c + 1;
    b = ~b + (c == 0);
    a = ~a + (c == 0 && b == 0);
  }
  int zeros = 0;
  if (a == 0) {
    a = b, b = c, c = 0;
    zeros = 64;
  }
  if (const int n = leading_zeros(a)) {
    a = a << n | b >> (64 - n);
    b = b << n | c >> (64 - n);
    zeros += n;
  }
  const double unit = exp2_integer(double(-64 - zeros));
  const double fraction = double(int64_t(a >> 11)) * 2048 * unit;
  const double rest = (double(int64_t(a & 2047)) + double(int64_t(b >> 11)) * 0x1p-53) * unit;
  using M = MathConstants<double>;
  double r = fraction * M::half_pi, r_low = product_error(fraction, M::half_pi, r);
  r_low = r_low + (fraction * M::half_pi_low + rest * M::half_pi);
  r = fast_two_sum(r, r_low, &r_low);
  return (negative != (x < 0)) ? Angle<double>{-r, -r_low, x < 0 ? -q : q}
                               : Angle<double>{r, r_low, x < 0 ? -q : q};
}

// Lanes whose |x| is huge, infinite ones (which become NaN) among them.
template <class V>
static __attribute__((noinline)) Angle<V> reduce_huge_lanes(V x, mask_of<V> huge, Angle<V> angle) {
  using T = scalar_of<V>;
  if constexpr (sizeof(V) == sizeof(T)) {
    const Angle<double> lane = reduce_huge(double(x));
    angle.r = x - x == 0 ? T(lane.r) : x - x;
    angle.low = T(lane.low);
    angle.q = static_cast<uint_of<V>>(lane.q);
  } else {
    for (unsigned i = 0; i < sizeof(V) / sizeof(T); ++i) {
      if (!huge[i])
        continue;
      const Angle<double> lane = reduce_huge(double(x[i]));
      angle.r[i] = x[i] - x[i] == 0 ? T(lane.r) : x[i] - x[i];
      angle.low[i] = T(lane.low);
      angle.q[i] = static_cast<uint_of<T>>(lane.q);
    }
  }
  return angle;
}

// x 2/pi as an integer plus round_magic.
template <class V> FASTDL_INLINE V quarter_turns(V x) {
  return fma(x, constant<V>(0x1.45f306dc9c883p-1), round_magic<V>());
}

template <class V> FASTDL_INLINE Angle<V> reduce_angle(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    // In double; the first part of pi/2 has so few bits that its multiples are exact.
    const auto rest = [](auto y) FASTDL_INLINE_LAMBDA {
      using W = decltype(y);
      const W n = quarter_turns(y) - round_magic<W>();
      return fma(n, constant<W>(-0x1.10b4611a62633p-30), fma(n, constant<W>(-0x1.921fb54p+0), y));
    };
    const auto turns = [](auto y) FASTDL_INLINE_LAMBDA {
      return quarter_turns(y) - round_magic<decltype(y)>();
    };
    const V n = in_double(x, turns);
    const Angle<V> angle{in_double(x, rest), V{}, bit_cast<uint_of<V>>(n + round_magic<V>())};
    const auto huge = abs(x) > constant<V>(0x1.8p+22f);
    return any(huge) ? reduce_huge_lanes(x, huge, angle) : angle;
  } else {
    // Three parts of 33 bits, whose multiples are exact up to 2^20, and a fourth.
    const V shifted = quarter_turns(x), n = shifted - round_magic<V>();
    V low_1, low_2, low;
    V r = fma(n, constant<V>(-0x1.921fb544p+0), x); // exact
    r = two_sum(r, n * constant<V>(-0x1.0b4611a6p-34), &low_1);
    r = two_sum(r, n * constant<V>(-0x1.3198a2ep-69), &low_2);
    low_1 = fma(n, constant<V>(-0x1.b839a252049c1p-104), low_1 + low_2);
    r = fast_two_sum(r, low_1, &low);
    const Angle<V> angle{r, low, bit_cast<uint_of<V>>(shifted)};
    const auto huge = abs(x) > constant<V>(0x1.8p+20);
    return any(huge) ? reduce_huge_lanes(x, huge, angle) : angle;
  }
}

// ---- sine, cosine, tangent ------------------------------------------------------------

// sin(r + low) - r for |r| <= pi/4.
template <class V> FASTDL_INLINE V sin_tail(V r, V low) {
  const V z = r * r;
  V p;
  if constexpr (sizeof(scalar_of<V>) == 4)
    p = polynomial(z, -0x1.555546p-3f, 0x1.110730p-7f, -0x1.993d52p-13f);
  else
    p = polynomial(z, -0x1.5555555555548p-3, 0x1.111111110f749p-7, -0x1.a01a019be96fap-13,
                   0x1.71de355360121p-19, -0x1.ae5e48bbbd120p-26, 0x1.5d8a2e42aa3cfp-33);
  return fma(r * z, p, fma(low * z, constant<V>(-0.5), low));
}

// cos(r + low) in two parts for |r| <= pi/4.
template <class V> FASTDL_INLINE V cos_in_parts(V r, V low, V* rest) {
  const V z = r * r, half = z * constant<V>(0.5), one = constant<V>(1);
  V p;
  if constexpr (sizeof(scalar_of<V>) == 4)
    p = polynomial(z, 0x1.55554ap-5f, -0x1.6c0c54p-10f, 0x1.99f212p-16f);
  else
    p = polynomial(z, 0x1.555555555554bp-5, -0x1.6c16c16c15032p-10, 0x1.a01a019c8fe3cp-16,
                   -0x1.27e4f7f07945bp-22, 0x1.1ee9d9f668e2bp-29, -0x1.8fa502855ef23p-37);
  const V head = one - half;
  *rest = ((one - head) - half) + fma(z * z, p, -(r * low));
  return head;
}

// The sine of the angle and `turns` quarter turns more.
template <class V> FASTDL_INLINE V sin_of(const Angle<V>& angle, int turns) {
  using U = uint_of<V>;
  using T = scalar_of<V>;
  V cosine_low;
  const V sine = angle.r + sin_tail(angle.r, angle.low);
  const V head = cos_in_parts(angle.r, angle.low, &cosine_low), cosine = head + cosine_low;
  // An odd number of quarter turns takes the cosine, the second bit negates.
  const U q = angle.q + uint_constant<V>(uint_of<T>(turns));
  const auto odd = (q & uint_constant<V>(1)) != uint_constant<V>(0);
  const U sign = (q << int(sizeof(T) * 8 - 2)) & uint_constant<V>(Ieee<T>::sign);
  return bit_cast<V>(bit_cast<U>(select(odd, cosine, sine)) ^ sign);
}

// sin: -0 at -0, NaN at +-inf.  Error: 1.59 ULP; double 0.76.
template <class V> FASTDL_INLINE V sin(V x) {
  return select(x == V{}, x, sin_of(reduce_angle(x), 0));
}

// cos: NaN at +-inf.  Error: 1.59 ULP; double 0.74.
template <class V> FASTDL_INLINE V cos(V x) { return sin_of(reduce_angle(x), 1); }

// tan = sin / cos, both in two parts.  -0 at -0, NaN at +-inf.  Double: 0.87 ULP.
template <class V> FASTDL_INLINE V tan(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return tan(y); });
  } else {
    const Angle<V> angle = reduce_angle(x);
    V sine_low, cosine_low, low;
    const V sine = fast_two_sum(angle.r, sin_tail(angle.r, angle.low), &sine_low);
    const V head = cos_in_parts(angle.r, angle.low, &cosine_low);
    const V cosine = fast_two_sum(head, cosine_low, &cosine_low);
    const auto odd = (angle.q & uint_constant<V>(1)) != uint_constant<V>(0);
    const V over = select(odd, cosine, sine), over_low = select(odd, cosine_low, sine_low);
    const V under = select(odd, -sine, cosine), under_low = select(odd, -sine_low, cosine_low);
    const V inverse = constant<V>(1) / under;
    const V q = quotient_in_parts(over, under, under_low, inverse, &low);
    return select(x == V{}, x, q + fma(over_low, inverse, low));
  }
}

// ---- inverses -------------------------------------------------------------------------

// (asin(x) / x - 1) for z = x^2 <= 1/4.
template <class V> FASTDL_INLINE V asin_tail(V z) {
  return z * polynomial(z, 0x1.5555555555578p-3, 0x1.333333332df85p-4, 0x1.6db6db7225dc7p-5,
                        0x1.f1c71a8dcbd04p-6, 0x1.6e8bdfa65458ep-6, 0x1.1c49e2b0755b4p-6,
                        0x1.ca20d0280f774p-7, 0x1.757b60d1415bep-7, 0x1.6174abbaf537cp-7,
                        0x1.e2b14e8e62ac3p-9, 0x1.649767afc14c6p-6, -0x1.595c1fd625489p-6,
                        0x1.0bb30b79e1df0p-5);
}

// asin: x + x^3 P(x^2) for |x| <= 1/2, pi/2 - 2 asin(sqrt((1 - |x|) / 2)) beyond.  -0 at -0, NaN
// beyond +-1.  Double: 1.35 ULP.
template <class V> FASTDL_INLINE V asin(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return asin(y); });
  } else {
    using M = MathConstants<scalar_of<V>>;
    const V magnitude = abs(x), half = constant<V>(0.5);
    const auto large = magnitude > half;
    const V z = select(large, fma(magnitude, -half, half), x * x);
    const V s = select(large, sqrt(z), magnitude), tail = s * asin_tail(z);
    const V beyond =
        (constant<V>(M::half_pi) - (s + s)) - (tail + tail - constant<V>(M::half_pi_low));
    return copysign(select(large, beyond, s + tail), x);
  }
}

// acos: pi/2 - asin(x) for |x| <= 1/2, 2 asin(sqrt((1 - |x|) / 2)) or pi minus that beyond.  0 at
// 1, NaN beyond +-1.  Double: 1.03 ULP.
template <class V> FASTDL_INLINE V acos(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return acos(y); });
  } else {
    using M = MathConstants<scalar_of<V>>;
    const V magnitude = abs(x), half = constant<V>(0.5);
    const V half_pi = constant<V>(M::half_pi), half_pi_low = constant<V>(M::half_pi_low);
    const auto large = magnitude > half;
    const V z = select(large, fma(magnitude, -half, half), x * x);
    const V s = select(large, sqrt(z), x), tail = s * asin_tail(z);
    const V twice = (s + s) + (tail + tail);
    const V beyond =
        select(x > V{}, twice, (half_pi + half_pi) - (twice - (half_pi_low + half_pi_low)));
    return select(large, beyond, half_pi - (s + (tail - half_pi_low)));
  }
}

// atan: x + x^3 P(x^2) for |x| <= 1, pi/2 - atan(1 / |x|) beyond.  -0 at -0, +-pi/2 at +-inf.
// Double: 0.99 ULP.
template <class V> FASTDL_INLINE V atan(V x) {
  if constexpr (sizeof(scalar_of<V>) == 4) {
    return in_double(x, [](auto y) FASTDL_INLINE_LAMBDA { return atan(y); });
  } else {
    using M = MathConstants<scalar_of<V>>;
    const V magnitude = abs(x), one = constant<V>(1);
    const auto large = magnitude > one;
    const V t = select(large, one / magnitude, magnitude), z = t * t;
    const V tail = t * z *
                   polynomial(z, -0x1.555555555552ap-2, 0x1.9999999995aebp-3, -0x1.2492492392447p-3,
                              0x1.c71c71842a203p-4, -0x1.745d11fb5d461p-4, 0x1.3b136a1997469p-4,
                              -0x1.110e6da5b50e5p-4, 0x1.e1bcf891db831p-5, -0x1.ae6450f710e43p-5,
                              0x1.82eebb6df6b46p-5, -0x1.59d8113c84c6dp-5, 0x1.2c98585357bd4p-5,
                              -0x1.eb49ec2008c79p-6, 0x1.69d960fb55e55p-6, -0x1.ca993b5d10463p-7,
                              0x1.dc06b2fc9a0d5p-8, -0x1.7ea8a1036c670p-9, 0x1.ba3fc55c0ce3cp-11,
                              -0x1.44a66bd5ac827p-13, 0x1.c4a6e7e165998p-17);
    const V beyond = constant<V>(M::half_pi) - (t + (tail - constant<V>(M::half_pi_low)));
    return copysign(select(large, beyond, t + tail), x);
  }
}

} // namespace FASTDL_ISA
} // namespace fastdl
