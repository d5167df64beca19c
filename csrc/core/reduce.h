// Sums that keep their precision at any length: floats are added up in doubles; doubles together
// with the rounding error of every addition (TwoSum of D. E. Knuth; as if in twice the precision:
// Ogita, Rump, Oishi, "Accurate sum and dot product", 2005).  The rounded sum of numbers of one
// sign is within 1 ULP.  +-inf and NaN come out as in a plain sum.
//
//   Sum<Vec<float>> s{};
//   accumulate(s, load(x));            // lane by lane
//   total(fold(s))                     // over all lanes, in one fixed order, as a double
//   total(lane(s, 3))                  // one lane (a column)
#pragma once

#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/simd.h"
#endif

namespace fastdl {
namespace FASTDL_ISA {

// A running sum of values of type V: a number or a vector, of floats or doubles.  Starts as {}.
template <class V> struct Sum;
template <> struct Sum<float> {
  double value;
};
template <> struct Sum<double> {
  double value, error;
};

FASTDL_INLINE void accumulate(Sum<float>& s, float x) { s.value += static_cast<double>(x); }
FASTDL_INLINE void accumulate(Sum<double>& s, double x) {
  double error;
  s.value = two_sum(s.value, x, &error);
  s.error += error;
}
FASTDL_INLINE void merge(Sum<float>& s, Sum<float> other) { s.value += other.value; }
FASTDL_INLINE void merge(Sum<double>& s, Sum<double> other) {
  accumulate(s, other.value);
  s.error += other.error;
}
FASTDL_INLINE double total(Sum<float> s) { return s.value; }
// Where the sum is not finite, its error is NaN.
FASTDL_INLINE double total(Sum<double> s) {
  return s.error == s.error ? s.value + s.error : s.value;
}

#ifndef __CUDACC_RTC__
template <> struct Sum<Vec<float>> {
  Vec<double> low, high; // of the lanes 0 ..., and of the second half
};
template <> struct Sum<Vec<double>> {
  Vec<double> value, error;
};

FASTDL_INLINE void accumulate(Sum<Vec<float>>& s, Vec<float> x) {
  s.low += widen_low(x);
  s.high += widen_high(x);
}
FASTDL_INLINE void accumulate(Sum<Vec<double>>& s, Vec<double> x) {
  Vec<double> error;
  s.value = two_sum(s.value, x, &error);
  s.error += error;
}
// Adds a whole vector from memory.
FASTDL_INLINE void accumulate(Sum<Vec<float>>& s, const float* p) {
  s.low += load_wide(p);
  s.high += load_wide(p + lanes<double>);
}
FASTDL_INLINE void accumulate(Sum<Vec<double>>& s, const double* p) { accumulate(s, load(p)); }
// Adds the products x * y: of floats exactly, of doubles rounded.
FASTDL_INLINE void accumulate_product(Sum<Vec<float>>& s, Vec<float> x, Vec<float> y) {
  s.low += widen_low(x) * widen_low(y);
  s.high += widen_high(x) * widen_high(y);
}
FASTDL_INLINE void accumulate_product(Sum<Vec<double>>& s, Vec<double> x, Vec<double> y) {
  accumulate(s, x * y);
}
FASTDL_INLINE void merge(Sum<Vec<float>>& s, Sum<Vec<float>> other) {
  s.low += other.low;
  s.high += other.high;
}
FASTDL_INLINE void merge(Sum<Vec<double>>& s, Sum<Vec<double>> other) {
  accumulate(s, other.value);
  s.error += other.error;
}

FASTDL_INLINE Sum<float> lane(const Sum<Vec<float>>& s, int i) {
  constexpr int half = lanes<double>;
  return {i < half ? s.low[i] : s.high[i - half]};
}
FASTDL_INLINE Sum<double> lane(const Sum<Vec<double>>& s, int i) {
  return {s.value[i], s.error[i]};
}

FASTDL_INLINE Sum<float> fold(const Sum<Vec<float>>& s) { return {sum_lanes(s.low + s.high)}; }
FASTDL_INLINE Sum<double> fold(Sum<Vec<double>> s) {
  for (int step = lanes<double> / 2; step > 0; step /= 2) {
    const Sum<Vec<double>> other{exchange_lanes(s.value, step), exchange_lanes(s.error, step)};
    merge(s, other);
  }
  return lane(s, 0);
}

// A running sum of whole vectors from memory; adds as accumulate does.  Zen 4 converts 256 bits
// more than twice as fast as 512; adding goes to the units that multiply, x 1 + sum, since the
// others are busy with the conversions.
template <class T> struct Run {
  Sum<Vec<T>> so_far;

  void add(const T* x) { accumulate(so_far, x); }
  Sum<Vec<T>> sum() const { return so_far; }
};
#ifdef __AVX512F__
template <> struct Run<float> {
  __m256d sums[4]; // of the lanes 0 ... 3, ...

  Run(const Sum<Vec<float>>& s)
      : sums{_mm512_extractf64x4_pd(s.low, 0), _mm512_extractf64x4_pd(s.low, 1),
             _mm512_extractf64x4_pd(s.high, 0), _mm512_extractf64x4_pd(s.high, 1)} {}
  void add(const float* x) {
    __m256d one = _mm256_set1_pd(1);
    asm("" : "+v"(one)); // the compiler would make an addition of it
    for (int k = 0; k < 4; ++k)
      sums[k] = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + 4 * k)), one, sums[k]);
  }
  Sum<Vec<float>> sum() const {
    return {_mm512_insertf64x4(_mm512_castpd256_pd512(sums[0]), sums[1], 1),
            _mm512_insertf64x4(_mm512_castpd256_pd512(sums[2]), sums[3], 1)};
  }
};
#endif

// The sum of n neighbours; of none 0.
template <class T> FASTDL_INLINE Sum<T> sum_run(const T* x, int64_t n) {
  constexpr int L = lanes<T>;
  constexpr Sum<Vec<T>> none{};
  Run<T> run[4] = {{none}, {none}, {none}, {none}};
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L)
    for (int k = 0; k < 4; ++k)
      run[k].add(x + i + k * L);
  for (; i + L <= n; i += L)
    run[0].add(x + i);
  Sum<Vec<T>> s[4] = {run[0].sum(), run[1].sum(), run[2].sum(), run[3].sum()};
  if (i < n)
    accumulate(s[1], load_partial(x + i, n - i));
  merge(s[0], s[1]);
  merge(s[2], s[3]);
  merge(s[0], s[2]);
  return fold(s[0]);
}
#endif

} // namespace FASTDL_ISA
} // namespace fastdl
