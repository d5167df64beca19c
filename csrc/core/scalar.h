// The primitives that the formulas of math.h, rng.h and the <stem>_math.h files are written in, for
// one number at a time.  simd.h adds the same names for vectors, so a formula written once as a
// template over V serves vector bodies, scalar code and (this header is free of host includes under
// NVRTC) device code.
#pragma once

#ifdef __CUDACC_RTC__
#define FASTDL_INLINE static __device__ __forceinline__
#define FASTDL_INLINE_LAMBDA
#else
#include <stdint.h>
// Internal linkage and always inlined: code compiled for one instruction set can never be picked
// by the linker for another.
#define FASTDL_INLINE static inline __attribute__((always_inline))
// After the parameters of a lambda that is called in an inner loop.
#define FASTDL_INLINE_LAMBDA __attribute__((always_inline))
#endif

#ifndef FASTDL_ISA
#ifdef __CUDACC_RTC__
#define FASTDL_ISA device
#else
#define FASTDL_ISA baseline
#endif
#endif

#if defined(__FMA__) || defined(__aarch64__) || defined(__CUDACC_RTC__)
#define FASTDL_HAS_FMA 1
#else
#define FASTDL_HAS_FMA 0
#endif

namespace fastdl {
namespace FASTDL_ISA {

#ifdef __CUDACC_RTC__
using int32_t = int;
using uint32_t = unsigned int;
using int64_t = long long;
using uint64_t = unsigned long long;
#endif

// Traits<V>: the element type of V, the integers of the same width and lane count, and the type of
// a comparison's result (bool; in a vector, integers that are 0 or -1).
template <class V> struct Traits;
template <> struct Traits<float> {
  using Scalar = float;
  using Int = int32_t;
  using Uint = uint32_t;
  using Mask = bool;
};
template <> struct Traits<double> {
  using Scalar = double;
  using Int = int64_t;
  using Uint = uint64_t;
  using Mask = bool;
};
template <class V> using scalar_of = typename Traits<V>::Scalar;
template <class V> using int_of = typename Traits<V>::Int;
template <class V> using uint_of = typename Traits<V>::Uint;
template <class V> using mask_of = typename Traits<V>::Mask;

// IEEE 754 layout of float and double.
template <class T> struct Ieee;
template <> struct Ieee<float> {
  static constexpr int mantissa_bits = 23, exponent_bias = 127;
  static constexpr uint32_t sign = 0x80000000u, infinity = 0x7f800000u, quiet_nan = 0x7fc00000u;
  static constexpr float min_normal = 0x1p-126f, max = 0x1.fffffep127f;
};
template <> struct Ieee<double> {
  static constexpr int mantissa_bits = 52, exponent_bias = 1023;
  static constexpr uint64_t sign = 0x8000000000000000u, infinity = 0x7ff0000000000000u,
                            quiet_nan = 0x7ff8000000000000u;
  static constexpr double min_normal = 0x1p-1022, max = 0x1.fffffffffffffp1023;
};

// The bits of `x` read as another type of the same size.
template <class To, class From> FASTDL_INLINE To bit_cast(From x) {
  static_assert(sizeof(To) == sizeof(From), "bit_cast between types of different size");
  return __builtin_bit_cast(To, x);
}

// constant<V>(c): c in every lane.  (Subtracting zero keeps the sign of -0.)
template <class V> FASTDL_INLINE V constant(scalar_of<V> c) { return c - V{}; }
template <class V> FASTDL_INLINE uint_of<V> uint_constant(uint_of<scalar_of<V>> c) {
  return c + uint_of<V>{};
}
template <class V> FASTDL_INLINE V infinity() {
  return bit_cast<V>(uint_constant<V>(Ieee<scalar_of<V>>::infinity));
}
template <class V> FASTDL_INLINE V quiet_nan() {
  return bit_cast<V>(uint_constant<V>(Ieee<scalar_of<V>>::quiet_nan));
}

// a where the mask holds, b elsewhere (both are evaluated).
template <class M, class V> FASTDL_INLINE V select(M mask, V a, V b) { return mask ? a : b; }

// One instruction on x86.  If either is NaN the result is b: max(lo, min(hi, x)) lets a NaN in x
// through, max(x, lo) replaces it.  Of two zeros, b.
template <class V> FASTDL_INLINE V min(V a, V b) { return a < b ? a : b; }
template <class V> FASTDL_INLINE V max(V a, V b) { return a > b ? a : b; }
// NaN if either is NaN (torch.minimum, torch.maximum).
template <class V> FASTDL_INLINE V minimum(V a, V b) { return select(a != a, a, min(a, b)); }
template <class V> FASTDL_INLINE V maximum(V a, V b) { return select(a != a, a, max(a, b)); }

template <class V> FASTDL_INLINE mask_of<V> isnan(V x) { return x != x; }
FASTDL_INLINE bool any(bool mask) { return mask; }

// Sign-bit operations: exact for every input, NaN included.
template <class V> FASTDL_INLINE V abs(V x) {
  return bit_cast<V>(bit_cast<uint_of<V>>(x) & ~uint_constant<V>(Ieee<scalar_of<V>>::sign));
}
template <class V> FASTDL_INLINE V copysign(V magnitude, V sign) {
  const auto bit = uint_constant<V>(Ieee<scalar_of<V>>::sign);
  return bit_cast<V>((bit_cast<uint_of<V>>(magnitude) & ~bit) | (bit_cast<uint_of<V>>(sign) & bit));
}
template <class V> FASTDL_INLINE mask_of<V> signbit(V x) {
  return bit_cast<int_of<V>>(x) < int_of<V>{};
}

// a*b + c, rounded once where the hardware has a fused multiply-add, twice on the x86 baseline
// (there a fused one would be a slow library call): formulas must be accurate either way.
#ifdef __CUDACC_RTC__
FASTDL_INLINE float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
FASTDL_INLINE double fma(double a, double b, double c) { return ::fma(a, b, c); }
FASTDL_INLINE float sqrt(float x) { return ::sqrtf(x); }
FASTDL_INLINE double sqrt(double x) { return ::sqrt(x); }
#elif FASTDL_HAS_FMA
FASTDL_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
FASTDL_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
FASTDL_INLINE float fma(float a, float b, float c) { return a * b + c; }
FASTDL_INLINE double fma(double a, double b, double c) { return a * b + c; }
#endif
#ifndef __CUDACC_RTC__
FASTDL_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
FASTDL_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
#endif

// a + b rounded; a + b = result + *error exactly, unless it overflows (TwoSum of D. E. Knuth).
template <class V> FASTDL_INLINE V two_sum(V a, V b, V* error) {
  const V sum = a + b, b_in_sum = sum - a;
  *error = (a - (sum - b_in_sum)) + (b - b_in_sum);
  return sum;
}
// The same where |a| >= |b| or a is 0 (T. J. Dekker).
template <class V> FASTDL_INLINE V fast_two_sum(V a, V b, V* error) {
  const V sum = a + b;
  *error = b - (sum - a);
  return sum;
}

// f(x) evaluated in double and rounded: f takes and gives numbers or vectors of them.
template <class F> FASTDL_INLINE float in_double(float x, F f) { return float(f(double(x))); }

// 1 / x to 3 ULP, for 2^-126 < x < 2^126: to be corrected by whoever uses it.
FASTDL_INLINE float near_inverse(float x) { return 1 / x; }
FASTDL_INLINE double near_inverse(double x) { return 1 / x; }

// Adding and subtracting 1.5 * 2^mantissa_bits rounds |x| < 2^(mantissa_bits-1) to the nearest
// integer, ties to even, which then stands in the low bits of the sum.  (-fassociative-math would
// break it.)
template <class V> FASTDL_INLINE V round_magic() {
  return constant<V>(scalar_of<V>(1.5) * (uint64_t(1) << Ieee<scalar_of<V>>::mantissa_bits));
}

// Nearest integer, ties to even; any x, sign of zero kept.
template <class V> FASTDL_INLINE V round_by_magic(V x) {
  using T = scalar_of<V>;
  const V big = constant<V>(T(uint64_t(1) << Ieee<T>::mantissa_bits)), magnitude = abs(x);
  return select(magnitude < big, copysign((magnitude + big) - big, x), x);
}
FASTDL_INLINE float round(float x) { return round_by_magic(x); }
FASTDL_INLINE double round(double x) { return round_by_magic(x); }
template <class V> FASTDL_INLINE V floor_by_round(V x) {
  const V nearest = round_by_magic(x);
  return select(nearest > x, nearest - constant<V>(1), nearest);
}
FASTDL_INLINE float floor(float x) { return floor_by_round(x); }
FASTDL_INLINE double floor(double x) { return floor_by_round(x); }

// 2^n for an integral n with 2^n normal.
template <class V> FASTDL_INLINE V exp2_integer(V n) {
  using I = Ieee<scalar_of<V>>;
  const V biased = n + (round_magic<V>() + constant<V>(I::exponent_bias));
  return bit_cast<V>(bit_cast<uint_of<V>>(biased) << I::mantissa_bits);
}

// x * 2^n for an integral n, in two steps so that subnormal results are rounded once: |n| at most
// 252 (float) or 2044 (double), and x near 1.
template <class V> FASTDL_INLINE V scale_by_two_steps(V x, V n) {
  const V magic = round_magic<V>();
  const V half = (n * constant<V>(0.5) + magic) - magic;
  return x * exp2_integer(half) * exp2_integer(n - half);
}
FASTDL_INLINE float scale(float x, float n) { return scale_by_two_steps(x, n); }
FASTDL_INLINE double scale(double x, double n) { return scale_by_two_steps(x, n); }

// x = m * 2^k with m in [0.75, 1.5).  Where x is 0, +inf, or NaN or negative, k is -inf, +inf, NaN
// (or m is NaN), so that k * log(2) + log(m) is right for every x.
template <class V> FASTDL_INLINE V split_by_bits(V x, V* k) {
  using T = scalar_of<V>;
  using I = Ieee<T>;
  using U = decltype(I::sign);
  constexpr int bits = I::mantissa_bits;
  constexpr T normalize = T(uint64_t(1) << bits);
  const auto subnormal = x < constant<V>(I::min_normal);
  const V y = select(subnormal, x * constant<V>(normalize), x);
  const auto u = bit_cast<uint_of<V>>(y);
  const auto biased = u + uint_constant<V>(bit_cast<U>(T(1)) - bit_cast<U>(T(0.75)));
  // The biased exponent becomes a number by standing in the low bits of 2^mantissa_bits.
  const V exponent = bit_cast<V>((biased >> bits) | uint_constant<V>(bit_cast<U>(normalize))) -
                     select(subnormal, constant<V>(normalize + T(I::exponent_bias + bits)),
                            constant<V>(normalize + T(I::exponent_bias)));
  const V zero_or_nan = select(x == V{}, -infinity<V>(), quiet_nan<V>());
  const V finite_or_inf = select(x == infinity<V>(), x, exponent);
  *k = select(x > V{}, finite_or_inf, zero_or_nan);
  return bit_cast<V>(u - (biased & uint_constant<V>(I::infinity)) +
                     uint_constant<V>(bit_cast<U>(T(1))));
}
FASTDL_INLINE float split(float x, float* k) { return split_by_bits(x, k); }
FASTDL_INLINE double split(double x, double* k) { return split_by_bits(x, k); }

// For what is computed once a parameter, as bias corrections are.
FASTDL_INLINE double power_of(double base, double exponent) {
#ifdef __CUDACC_RTC__
  return ::pow(base, exponent);
#else
  return __builtin_pow(base, exponent);
#endif
}

} // namespace FASTDL_ISA
} // namespace fastdl
