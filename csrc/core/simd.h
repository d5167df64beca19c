// Computing with vectors (core/vector.h): + - * /, the comparisons, & | ^ ~ << >> work on Vec<T> as
// on numbers, and the names of scalar.h work on both.  A comparison gives integers 0 or -1 of the
// same width, to be used with select, & | and !.
//
//   for (i = begin; i + lanes<float> <= end; i += lanes<float>) store(y + i, f(load(x + i)));
//   if (i < end) store_partial(y + i, f(load_partial(x + i, end - i)), end - i);
#pragma once

#include "core/vector.h"

namespace fastdl {
namespace FASTDL_ISA {

// ---- arithmetic that needs an instruction of its own ----------------------------------

#if defined(__AVX512F__)
FASTDL_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return _mm512_fmadd_ps(a, b, c);
}
FASTDL_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return _mm512_fmadd_pd(a, b, c);
}
FASTDL_INLINE Vec<float> sqrt(Vec<float> x) { return _mm512_sqrt_ps(x); }
FASTDL_INLINE Vec<double> sqrt(Vec<double> x) { return _mm512_sqrt_pd(x); }
FASTDL_INLINE Vec<float> round(Vec<float> x) { return _mm512_roundscale_ps(x, 8); }
FASTDL_INLINE Vec<double> round(Vec<double> x) { return _mm512_roundscale_pd(x, 8); }
FASTDL_INLINE Vec<float> floor(Vec<float> x) { return _mm512_roundscale_ps(x, 9); }
FASTDL_INLINE Vec<double> floor(Vec<double> x) { return _mm512_roundscale_pd(x, 9); }
FASTDL_INLINE Vec<float> scale(Vec<float> x, Vec<float> n) { return _mm512_scalef_ps(x, n); }
FASTDL_INLINE Vec<double> scale(Vec<double> x, Vec<double> n) { return _mm512_scalef_pd(x, n); }
FASTDL_INLINE Vec<float> split(Vec<float> x, Vec<float>* k) {
  const Vec<float> m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
  const Vec<float> exponent = _mm512_getexp_ps(x);
  *k = m < 1 ? exponent + 1 : exponent;
  return m;
}
FASTDL_INLINE Vec<double> split(Vec<double> x, Vec<double>* k) {
  const Vec<double> m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
  const Vec<double> exponent = _mm512_getexp_pd(x);
  *k = m < 1 ? exponent + 1 : exponent;
  return m;
}
#elif defined(__AVX2__)
FASTDL_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return _mm256_fmadd_ps(a, b, c);
}
FASTDL_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return _mm256_fmadd_pd(a, b, c);
}
FASTDL_INLINE Vec<float> sqrt(Vec<float> x) { return _mm256_sqrt_ps(x); }
FASTDL_INLINE Vec<double> sqrt(Vec<double> x) { return _mm256_sqrt_pd(x); }
FASTDL_INLINE Vec<float> round(Vec<float> x) { return _mm256_round_ps(x, 8); }
FASTDL_INLINE Vec<double> round(Vec<double> x) { return _mm256_round_pd(x, 8); }
FASTDL_INLINE Vec<float> floor(Vec<float> x) { return _mm256_round_ps(x, 9); }
FASTDL_INLINE Vec<double> floor(Vec<double> x) { return _mm256_round_pd(x, 9); }
#elif defined(__aarch64__)
FASTDL_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return vfmaq_f32(c, a, b);
}
FASTDL_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return vfmaq_f64(c, a, b);
}
FASTDL_INLINE Vec<float> sqrt(Vec<float> x) { return vsqrtq_f32(x); }
FASTDL_INLINE Vec<double> sqrt(Vec<double> x) { return vsqrtq_f64(x); }
FASTDL_INLINE Vec<float> round(Vec<float> x) { return vrndnq_f32(x); }
FASTDL_INLINE Vec<double> round(Vec<double> x) { return vrndnq_f64(x); }
FASTDL_INLINE Vec<float> floor(Vec<float> x) { return vrndmq_f32(x); }
FASTDL_INLINE Vec<double> floor(Vec<double> x) { return vrndmq_f64(x); }
#elif defined(__x86_64__)
FASTDL_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return a * b + c; }
FASTDL_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return a * b + c; }
FASTDL_INLINE Vec<float> sqrt(Vec<float> x) { return _mm_sqrt_ps(x); }
FASTDL_INLINE Vec<double> sqrt(Vec<double> x) { return _mm_sqrt_pd(x); }
FASTDL_INLINE Vec<float> round(Vec<float> x) { return round_by_magic(x); }
FASTDL_INLINE Vec<double> round(Vec<double> x) { return round_by_magic(x); }
FASTDL_INLINE Vec<float> floor(Vec<float> x) { return floor_by_round(x); }
FASTDL_INLINE Vec<double> floor(Vec<double> x) { return floor_by_round(x); }
#else
#error "fastdl builds for x86-64 and aarch64"
#endif
#if !defined(__AVX512F__)
FASTDL_INLINE Vec<float> scale(Vec<float> x, Vec<float> n) { return scale_by_two_steps(x, n); }
FASTDL_INLINE Vec<double> scale(Vec<double> x, Vec<double> n) { return scale_by_two_steps(x, n); }
FASTDL_INLINE Vec<float> split(Vec<float> x, Vec<float>* k) { return split_by_bits(x, k); }
FASTDL_INLINE Vec<double> split(Vec<double> x, Vec<double>* k) { return split_by_bits(x, k); }
#endif

// One instruction on x86, which GCC does not find in the comparison: see scalar.h.
#if defined(__AVX512F__)
FASTDL_INLINE Vec<float> min(Vec<float> a, Vec<float> b) { return _mm512_min_ps(a, b); }
FASTDL_INLINE Vec<float> max(Vec<float> a, Vec<float> b) { return _mm512_max_ps(a, b); }
FASTDL_INLINE Vec<double> min(Vec<double> a, Vec<double> b) { return _mm512_min_pd(a, b); }
FASTDL_INLINE Vec<double> max(Vec<double> a, Vec<double> b) { return _mm512_max_pd(a, b); }
#elif defined(__AVX2__)
FASTDL_INLINE Vec<float> min(Vec<float> a, Vec<float> b) { return _mm256_min_ps(a, b); }
FASTDL_INLINE Vec<float> max(Vec<float> a, Vec<float> b) { return _mm256_max_ps(a, b); }
FASTDL_INLINE Vec<double> min(Vec<double> a, Vec<double> b) { return _mm256_min_pd(a, b); }
FASTDL_INLINE Vec<double> max(Vec<double> a, Vec<double> b) { return _mm256_max_pd(a, b); }
#elif defined(__x86_64__)
FASTDL_INLINE Vec<float> min(Vec<float> a, Vec<float> b) { return _mm_min_ps(a, b); }
FASTDL_INLINE Vec<float> max(Vec<float> a, Vec<float> b) { return _mm_max_ps(a, b); }
FASTDL_INLINE Vec<double> min(Vec<double> a, Vec<double> b) { return _mm_min_pd(a, b); }
FASTDL_INLINE Vec<double> max(Vec<double> a, Vec<double> b) { return _mm_max_pd(a, b); }
#endif

#if defined(__AVX512F__) // one instruction instead of two
FASTDL_INLINE Vec<float> copysign(Vec<float> magnitude, Vec<float> sign) {
  const __m512i bit = (__m512i)uint_constant<Vec<float>>(Ieee<float>::sign);
  return (Vec<float>)_mm512_ternarylogic_epi32((__m512i)magnitude, (__m512i)sign, bit, 0xd8);
}
FASTDL_INLINE Vec<double> copysign(Vec<double> magnitude, Vec<double> sign) {
  const __m512i bit = (__m512i)uint_constant<Vec<double>>(Ieee<double>::sign);
  return (Vec<double>)_mm512_ternarylogic_epi64((__m512i)magnitude, (__m512i)sign, bit, 0xd8);
}
#endif

#if defined(__AVX512F__)
FASTDL_INLINE Vec<float> near_inverse(Vec<float> x) { // a division takes twice as long
  const Vec<float> y = _mm512_rcp14_ps(x);
  return fma(y, fma(-x, y, splat(1.0f)), y);
}
#else
FASTDL_INLINE Vec<float> near_inverse(Vec<float> x) { return 1 / x; }
#endif
FASTDL_INLINE Vec<double> near_inverse(Vec<double> x) { return 1 / x; }

// The full 64-bit products of the even 32-bit lanes (0, 2, ...) of a and b; odd lanes are ignored.
FASTDL_INLINE Vec<uint64_t> multiply_even(Vec<uint64_t> a, Vec<uint64_t> b) {
#if defined(__AVX512F__)
  return (Vec<uint64_t>)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Vec<uint64_t>)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
  return (Vec<uint64_t>)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
  return (Vec<uint64_t>)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#endif
}

// ---- conversions ----------------------------------------------------------------------

template <class T> using HalfVec = typename VectorOf<T, FASTDL_VECTOR_BYTES / 2>::Type;

FASTDL_INLINE HalfVec<float> low_half(Vec<float> v) {
#if defined(__AVX512F__)
  return _mm512_castps512_ps256(v);
#elif defined(__AVX2__)
  return _mm256_castps256_ps128(v);
#else
  return __builtin_shufflevector(v, v, 0, 1);
#endif
}
FASTDL_INLINE HalfVec<float> high_half(Vec<float> v) {
#if defined(__AVX512F__)
  return _mm512_extractf32x8_ps(v, 1);
#elif defined(__AVX2__)
  return _mm256_extractf128_ps(v, 1);
#else
  return __builtin_shufflevector(v, v, 2, 3);
#endif
}
// float -> double in two halves (exact), and back (rounded to nearest).
FASTDL_INLINE Vec<double> widen_low(Vec<float> v) {
#if defined(__AVX512F__)
  return _mm512_cvtps_pd(low_half(v));
#elif defined(__AVX2__)
  return _mm256_cvtps_pd(low_half(v));
#elif defined(__x86_64__)
  return _mm_cvtps_pd(v);
#else
  return __builtin_convertvector(low_half(v), Vec<double>);
#endif
}
FASTDL_INLINE Vec<double> widen_high(Vec<float> v) {
#if defined(__AVX512F__)
  return _mm512_cvtps_pd(high_half(v));
#elif defined(__AVX2__)
  return _mm256_cvtps_pd(high_half(v));
#elif defined(__x86_64__)
  return _mm_cvtps_pd(_mm_movehl_ps(v, v));
#else
  return __builtin_convertvector(high_half(v), Vec<double>);
#endif
}
// lanes<double> floats from memory as doubles.
FASTDL_INLINE Vec<double> load_wide(const float* p) {
#if defined(__AVX512F__)
  return _mm512_cvtps_pd(_mm256_loadu_ps(p));
#elif defined(__AVX2__)
  return _mm256_cvtps_pd(_mm_loadu_ps(p));
#else
  return Vec<double>{double(p[0]), double(p[1])};
#endif
}
FASTDL_INLINE Vec<float> narrow(Vec<double> low, Vec<double> high) {
#if defined(__AVX512F__)
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
#elif defined(__AVX2__)
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low)), _mm256_cvtpd_ps(high),
                              1);
#elif defined(__x86_64__)
  return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
#else
  return vcombine_f32(vcvt_f32_f64(low), vcvt_f32_f64(high));
#endif
}
template <class F> FASTDL_INLINE Vec<float> in_double(Vec<float> x, F f) {
  return narrow(f(widen_low(x)), f(widen_high(x)));
}

// Between integers and floats of one width; to_int truncates (undefined outside its range).
// 64-bit ones are single instructions on AVX-512 only.
FASTDL_INLINE Vec<float> to_float(Vec<int32_t> v) { return __builtin_convertvector(v, Vec<float>); }
FASTDL_INLINE Vec<double> to_float(Vec<int64_t> v) {
  return __builtin_convertvector(v, Vec<double>);
}
FASTDL_INLINE Vec<int32_t> to_int(Vec<float> v) { return __builtin_convertvector(v, Vec<int32_t>); }
FASTDL_INLINE Vec<int64_t> to_int(Vec<double> v) {
  return __builtin_convertvector(v, Vec<int64_t>);
}

// ---- across the lanes -----------------------------------------------------------------

template <int bytes> struct IntOfSize;
template <> struct IntOfSize<4> {
  using Type = int32_t;
};
template <> struct IntOfSize<8> {
  using Type = int64_t;
};

// The even and the odd lanes of a and b read as one sequence, and the way back: a0 b0 a1 b1 ...
template <class T> FASTDL_INLINE Vec<T> even_lanes(Vec<T> a, Vec<T> b) {
  return __builtin_shuffle(a, b, iota<typename IntOfSize<sizeof(T)>::Type>() * 2);
}
template <class T> FASTDL_INLINE Vec<T> odd_lanes(Vec<T> a, Vec<T> b) {
  return __builtin_shuffle(a, b, iota<typename IntOfSize<sizeof(T)>::Type>() * 2 + 1);
}
template <class T> FASTDL_INLINE Vec<T> interleave_low(Vec<T> a, Vec<T> b) {
  const auto i = iota<typename IntOfSize<sizeof(T)>::Type>();
  return __builtin_shuffle(a, b, (i >> 1) + (i & 1) * lanes<T>);
}
template <class T> FASTDL_INLINE Vec<T> interleave_high(Vec<T> a, Vec<T> b) {
  const auto i = iota<typename IntOfSize<sizeof(T)>::Type>();
  return __builtin_shuffle(a, b, (i >> 1) + (i & 1) * lanes<T> + lanes<T> / 2);
}
// Transposes the square matrix whose rows are v[0 ... lanes): each round is a perfect shuffle.
template <class T> FASTDL_INLINE void transpose_lanes(Vec<T>* v) {
  constexpr int L = lanes<T>;
  for (int round = 1; round < L; round *= 2) {
    Vec<T> shuffled[L];
    for (int i = 0; i < L / 2; ++i) {
      shuffled[2 * i] = interleave_low<T>(v[i], v[i + L / 2]);
      shuffled[2 * i + 1] = interleave_high<T>(v[i], v[i + L / 2]);
    }
    for (int i = 0; i < L; ++i)
      v[i] = shuffled[i];
  }
}
// A mask of float lanes as the two masks of double lanes.
FASTDL_INLINE Vec<int64_t> widen_mask_low(Vec<int32_t> mask) {
  return (Vec<int64_t>)interleave_low<int32_t>(mask, mask);
}
FASTDL_INLINE Vec<int64_t> widen_mask_high(Vec<int32_t> mask) {
  return (Vec<int64_t>)interleave_high<int32_t>(mask, mask);
}

#if defined(__AVX512F__)
// table[index % 32] in every lane; the table, aligned, stays in registers.
FASTDL_INLINE Vec<float> look_up(const float* table, Vec<int32_t> index) {
  return _mm512_permutex2var_ps(_mm512_load_ps(table), (__m512i)index, _mm512_load_ps(table + 16));
}
#endif

// v with its lanes i and i ^ step exchanged.
template <class V> FASTDL_INLINE V exchange_lanes(V v, int step) {
  return __builtin_shuffle(v, iota<typename IntOfSize<sizeof(scalar_of<V>)>::Type>() ^ step);
}
// The lanes folded in halves: ((v0 + v4) + (v2 + v6)) + ... : one fixed order for a lane count.
#define FASTDL_FOLD(v, combine)                                                                    \
  constexpr int count = sizeof(V) / sizeof(scalar_of<V>);                                          \
  if constexpr (count >= 16)                                                                       \
    v = combine(v, exchange_lanes(v, 8));                                                          \
  if constexpr (count >= 8)                                                                        \
    v = combine(v, exchange_lanes(v, 4));                                                          \
  if constexpr (count >= 4)                                                                        \
    v = combine(v, exchange_lanes(v, 2));                                                          \
  v = combine(v, exchange_lanes(v, 1));                                                            \
  return v[0];

template <class V> FASTDL_INLINE V add(V a, V b) { return a + b; }
template <class V> FASTDL_INLINE scalar_of<V> sum_lanes(V v) { FASTDL_FOLD(v, add) }
// Of lanes without NaN, cheaper.
template <class V> FASTDL_INLINE scalar_of<V> max_number_lanes(V v) { FASTDL_FOLD(v, max) }
// NaN if any lane is NaN.
template <class V> FASTDL_INLINE scalar_of<V> max_lanes(V v) { FASTDL_FOLD(v, maximum) }
template <class V>
FASTDL_INLINE scalar_of<V> min_lanes(V v){FASTDL_FOLD(v, minimum)}
#undef FASTDL_FOLD

// Whether a mask holds in some lane.
FASTDL_INLINE bool any(Vec<int32_t> mask) {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps((__m256)mask) != 0;
#elif defined(__x86_64__)
  return _mm_movemask_ps((__m128)mask) != 0;
#else
  return vmaxvq_u32((uint32x4_t)mask) != 0;
#endif
}
FASTDL_INLINE bool any(Vec<int64_t> mask) { return any((Vec<int32_t>)mask); }

// Whether some lane of a or b is NaN.
#if defined(__AVX512F__)
FASTDL_INLINE bool any_nan(Vec<float> a, Vec<float> b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q) != 0;
}
FASTDL_INLINE bool any_nan(Vec<double> a, Vec<double> b) {
  return _mm512_cmp_pd_mask(a, b, _CMP_UNORD_Q) != 0;
}
#elif defined(__AVX2__)
FASTDL_INLINE bool any_nan(Vec<float> a, Vec<float> b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_UNORD_Q)) != 0;
}
FASTDL_INLINE bool any_nan(Vec<double> a, Vec<double> b) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_UNORD_Q)) != 0;
}
#else
template <class V> FASTDL_INLINE bool any_nan(V a, V b) { return any((a != a) | (b != b)); }
#endif

} // namespace FASTDL_ISA
} // namespace fastdl
