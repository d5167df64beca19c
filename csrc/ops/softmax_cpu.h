// What the CPU loops over rows share (softmax, cross-entropy): sums in vector lanes, and slices.
#pragma once
#include "core/reduce.h"
#include "ops/softmax.h"
#include "ops/softmax_math.h"

namespace fastdl {
namespace FASTDL_ISA {

// The doubles of a vector of T.
template <class T> constexpr int wide_parts = sizeof(double) / sizeof(T);
template <class T> struct Wide {
  Vec<double> part[wide_parts<T>];
};
FASTDL_INLINE Wide<float> widen(Vec<float> v) { return {{widen_low(v), widen_high(v)}}; }
FASTDL_INLINE Wide<double> widen(Vec<double> v) { return {{v}}; }
FASTDL_INLINE Vec<float> narrow(const Wide<float>& w) { return narrow(w.part[0], w.part[1]); }
FASTDL_INLINE Vec<double> narrow(const Wide<double>& w) { return w.part[0]; }

// Every lane of a sum, in double; `error` is what the additions rounded off.
FASTDL_INLINE Wide<float> value(const Sum<Vec<float>>& s) { return {{s.low, s.high}}; }
FASTDL_INLINE Wide<float> error(const Sum<Vec<float>>&) { return {}; }
FASTDL_INLINE Wide<double> value(const Sum<Vec<double>>& s) { return {{s.value}}; }
FASTDL_INLINE Wide<double> error(const Sum<Vec<double>>& s) { return {{s.error}}; }

// The sum over all lanes, in every lane.
FASTDL_INLINE Sum<Vec<float>> fold_to_all(const Sum<Vec<float>>& s) {
  const Vec<double> sum = splat(fold(s).value);
  return {sum, sum};
}
FASTDL_INLINE Sum<Vec<double>> fold_to_all(const Sum<Vec<double>>& s) {
  const Sum<double> sum = fold(s);
  return {splat(sum.value), splat(sum.error)};
}
// The sums rounded; where one is not finite, its error is NaN.
FASTDL_INLINE Vec<float> rounded(const Sum<Vec<float>>& s) { return narrow(s.low, s.high); }
FASTDL_INLINE Vec<double> rounded(const Sum<Vec<double>>& s) {
  return s.value + select(isnan(s.error), Vec<double>{}, s.error);
}

// A sum of exponentials, those that are 1 counted apart (see ExpTotal).
template <class T> struct ExpSum {
  Sum<Vec<T>> rest{};
  int_of<Vec<T>> ones{};

  void add(Vec<T> e) {
    const auto is_one = e == constant<Vec<T>>(1);
    ones -= is_one;
    accumulate(rest, select(is_one, Vec<T>{}, e));
  }
  void fold_lanes() {
    rest = fold_to_all(rest);
    ones = sum_lanes(ones) + int_of<Vec<T>>{};
  }
  ExpTotal<double> over_lanes() const {
    const Sum<Vec<T>> all = fold_to_all(rest);
    return {static_cast<double>(sum_lanes(ones)), value(all).part[0][0], error(all).part[0][0]};
  }
  // Lane by lane, from here on.
  ExpTotal<Vec<double>> total(int part) const {
    return {widen(to_float(ones)).part[part], value(rest).part[part], error(rest).part[part]};
  }

  Wide<T> log() const {
    Wide<T> logs;
    for (int p = 0; p < wide_parts<T>; ++p)
      logs.part[p] = log_total(total(p));
    return logs;
  }
  // 1 / sum in two parts.
  Vec<T> reciprocal(Vec<T>* low) const {
    Wide<T> high, rest;
    for (int p = 0; p < wide_parts<T>; ++p)
      high.part[p] = reciprocal_total(total(p), &rest.part[p]);
    const Vec<T> result = narrow(high);
    if constexpr (wide_parts<T> > 1)
      for (int p = 0; p < wide_parts<T>; ++p)
        rest.part[p] = high.part[p] - widen(result).part[p];
    *low = narrow(rest);
    return result;
  }
};

// A row in vectors along it, or a vector of neighbouring columns: `whole` steps of full vectors,
// then `partial` steps of `count` lanes, each step `stride` elements after the one before.
struct Slice {
  int64_t whole, partial, count, stride;

  template <class T> static Slice row(int64_t n) {
    return {n / lanes<T>, n % lanes<T> != 0, n % lanes<T>, lanes<T>};
  }
  template <class T> static Slice columns(int64_t n, int64_t stride, int64_t count) {
    return {count == lanes<T> ? n : 0, count == lanes<T> ? 0 : n, count, stride};
  }

  // f(offset, number of lanes) for every step.
  template <class T, class F> void each(F f) const {
    for (int64_t i = 0; i < whole; ++i)
      f(i * stride, lanes<T>);
    for (int64_t i = whole; i < whole + partial; ++i)
      f(i * stride, count);
  }
};

// The largest element of x in every lane; NaN if there is one, -inf if there are none.
template <class T> static Vec<T> max_of(const Slice& slice, const T* x) {
  Vec<T> m = -infinity<Vec<T>>();
  slice.each<T>(
      [&](int64_t at, int64_t count) { m = maximum(m, load_some(x + at, count, -infinity<T>())); });
  return m;
}

} // namespace FASTDL_ISA
} // namespace fastdl
