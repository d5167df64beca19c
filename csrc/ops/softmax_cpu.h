// What the CPU loops over rows share (softmax, cross-entropy): maxima and sums of exponentials, of
// the elements of a row or, for columns, lane by lane.
#pragma once
#include "core/reduce.h"
#include "core/write.h"
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
FASTDL_INLINE double lane(const Wide<float>& w, int64_t i) {
  return w.part[i / lanes<double>][i % lanes<double>];
}
FASTDL_INLINE double lane(const Wide<double>& w, int64_t i) { return w.part[0][i]; }
FASTDL_INLINE Wide<double> value(const Sum<Vec<double>>& s) { return {{s.value}}; }
FASTDL_INLINE Wide<double> error(const Sum<Vec<double>>& s) { return {{s.error}}; }

// The sums rounded; where one is not finite, its error is NaN.
FASTDL_INLINE Vec<float> rounded(const Sum<Vec<float>>& s) { return narrow(s.low, s.high); }
FASTDL_INLINE Vec<double> rounded(const Sum<Vec<double>>& s) {
  return s.value + select(isnan(s.error), Vec<double>{}, s.error);
}

// A sum of exponentials in two floats: cheaper than in doubles, but what the first float rounds off
// is added up in plain floats, which holds for `most` vectors.  For the fast two_sum the first must
// be the larger: it starts at 2.
struct FloatPair {
  static constexpr int64_t most = 2048;
  Vec<float> high = constant<Vec<float>>(2), low{};
};
FASTDL_INLINE void accumulate(FloatPair& s, Vec<float> e) {
  const Vec<float> sum = s.high + e;
  s.low += e - (sum - s.high);
  s.high = sum;
}
FASTDL_INLINE Sum<Vec<float>> in_double(const FloatPair& s) {
  const Vec<double> start = constant<Vec<double>>(2);
  return {(widen_low(s.high) - start) + widen_low(s.low),
          (widen_high(s.high) - start) + widen_high(s.low)};
}
template <class T> struct QuickSumOf {
  using Type = Sum<Vec<T>>;
};
template <> struct QuickSumOf<float> {
  using Type = FloatPair;
};

// Up to lanes<T> rows or columns, one to a lane: their maxima, NaNs passed over, and the sums of
// their exponentials as exp_in<nearly> gives them.
template <class T, bool nearly> struct RowSums {
  Vec<T> max;
  Sum<Vec<T>> sum;

  Vec<T> shift() const { return shift_of(max); }
  ExpUnit<Vec<T>> unit() const { return exp_unit(shift()); }

  // The exponential of the largest element without the error it has in the sum.
  Wide<T> largest() const {
    const ExpUnit<Vec<T>> u = unit();
    Wide<T> w = widen(shift());
    for (int p = 0; p < wide_parts<T>; ++p)
      w.part[p] = wide_parts<T> == 1
                      ? constant<Vec<double>>(1)
                      : largest_in(w.part[p], widen(u.base).part[p], widen(u.power).part[p]);
    return w;
  }
  // The sum of the others.
  Wide<T> rest() const {
    Wide<T> w = widen(exp_in<nearly>(unit(), shift()));
    for (int p = 0; p < wide_parts<T>; ++p)
      w.part[p] = (value(sum).part[p] - w.part[p]) + error(sum).part[p];
    return w;
  }

  // 1 / sum in two parts.
  Vec<T> reciprocal(Vec<T>* low) const {
    if constexpr (wide_parts<T> == 1) {
      return reciprocal_in_parts(sum.value, sum.error, low);
    } else {
      const Wide<T> first = largest(), others = rest();
      Wide<T> w;
      for (int p = 0; p < wide_parts<T>; ++p)
        w.part[p] = 1 / (first.part[p] + others.part[p]);
      const Vec<T> high = narrow(w);
      for (int p = 0; p < wide_parts<T>; ++p)
        w.part[p] -= widen(high).part[p];
      *low = narrow(w);
      return high;
    }
  }

  // log of the sum of exp(x - shift).
  Wide<T> log() const {
    const Wide<T> first = largest();
    Wide<T> w;
    for (int p = 0; p < wide_parts<T>; ++p)
      w.part[p] = FASTDL_ISA::log((value(sum).part[p] + error(sum).part[p]) / first.part[p]);
    return w;
  }
  // The same where it is next to 0, too: then it is all in the rest.  Where subtracting the largest
  // left too few digits of that, below() gives it afresh.  n: the length of the rows.
  template <class Below> Wide<T> log_exactly(int64_t n, Below below) const {
    // Adding up loses n / lanes * 2^-53 at most; 2^-25 of the rest is harmless.
    const double few = static_cast<double>(n) * 0x1p-31 + 0x1p-24;
    const Vec<double> bound = splat(few < 0.5 ? few : 0.5);
    const Wide<T> first = largest();
    Wide<T> w = rest();
    bool exact = true;
    for (const Vec<double>& part : w.part)
      exact = exact && !any(abs(part) < bound);
    if (!exact) {
      const Sum<Vec<T>> afresh = below();
      for (int p = 0; p < wide_parts<T>; ++p)
        w.part[p] = select(abs(w.part[p]) < bound, value(afresh).part[p] + error(afresh).part[p],
                           w.part[p]);
    }
    for (int p = 0; p < wide_parts<T>; ++p)
      w.part[p] = log1p(w.part[p] / first.part[p]);
    return w;
  }
};

// ---- along a row ----------------------------------------------------------------------

// The largest of n neighbours; NaNs are passed over, of none -inf.
template <class T> static T max_of_row(const T* x, int64_t n) {
  constexpr int L = lanes<T>;
  Vec<T> m[4];
  for (auto& v : m)
    v = -infinity<Vec<T>>();
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L)
    for (int k = 0; k < 4; ++k)
      m[k] = max(load(x + i + k * L), m[k]);
  for (; i + L <= n; i += L)
    m[0] = max(load(x + i), m[0]);
  if (i < n)
    m[1] = max(load_partial(x + i, n - i, -infinity<T>()), m[1]);
  return max_number_lanes(max(max(m[0], m[1]), max(m[2], m[3])));
}

template <class T> static bool has_nan(const T* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    if (x[i] != x[i])
      return true;
  return false;
}

// While a row is worked on, the next one is fetched (of short and very long rows what comes soon):
// so many elements ahead.
FASTDL_INLINE int64_t fetch_ahead(int64_t n) { return 2048 < n && n < 65536 ? n : 2048; }

// Adds up n neighbours in one order: add(sum, i, lanes, v) for every vector; -inf past the end.
template <class S, class T, class F>
FASTDL_INLINE S sum_run_of(const T* x, int64_t n, int64_t ahead, F add) {
  constexpr int64_t L = lanes<T>;
  S sum{};
  int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    prefetch_for_later(x + i + ahead);
    prefetch_for_later(x + i + L + ahead);
    add(sum, i, L, load(x + i));
    add(sum, i + L, L, load(x + i + L));
  }
  if (i + L <= n) {
    add(sum, i, L, load(x + i));
    i += L;
  }
  if (i < n)
    add(sum, i, n - i, load_partial(x + i, n - i, -infinity<T>()));
  return sum;
}
template <class S, class T, class F>
FASTDL_INLINE Sum<Vec<T>> sum_row(const T* x, int64_t n, F add, int64_t ahead) {
  if constexpr (requires { S::most; }) {
    Sum<Vec<T>> sum{};
    for (int64_t at = 0; at < n; at += S::most * lanes<T>) {
      const int64_t left = n - at, part = min<int64_t>(left, S::most * lanes<T>);
      merge(sum, in_double(sum_run_of<S>(x + at, part, ahead,
                                         [&](S& s, int64_t i, int64_t count, Vec<T> v)
                                             FASTDL_INLINE_LAMBDA { add(s, at + i, count, v); })));
    }
    return sum;
  } else {
    return sum_run_of<S>(x, n, ahead, add);
  }
}

template <class S, class T, class F>
FASTDL_INLINE Sum<Vec<T>> sum_row(const T* x, int64_t n, F add) {
  return sum_row<S>(x, n, add, fetch_ahead(n));
}

// The maximum of the row after the one at hand, found while that one is exponentiated: so there is
// no pass that only waits for memory.
template <class T> struct NextMax {
  const T* row = nullptr;
  T max{};
};

// RowSums being filled row by row; added up in an S.
template <class T, bool nearly, class S = Sum<Vec<T>>> struct RowGroup {
  static constexpr int most = lanes<T>;
  T max[most] = {};
  double value[most] = {}, error[most] = {};

  // So many rows of n elements are worked on together: they should stay in the first cache.
  static int64_t size(int64_t n) {
    constexpr int64_t elements = 16384 / sizeof(T);
    return n * most <= elements ? most : n * 2 <= elements ? elements / n : 1;
  }
  // The i-th row: n elements at x; keep(j, lanes, e) may store the exponentials.
  template <class Keep> void add(int64_t i, const T* x, int64_t n, Keep keep) {
    max[i] = max_of_row(x, n);
    const ExpUnit<Vec<T>> unit = exp_unit(splat(shift_of(max[i])));
    set(i, sum_row<S>(x, n, [&](S& sum, int64_t j, int64_t lanes, Vec<T> v) FASTDL_INLINE_LAMBDA {
          const Vec<T> e = exp_in<nearly>(unit, v);
          keep(j, lanes, e);
          accumulate(sum, e);
        }));
  }
  // The same where the row at `next`, as long, will follow: `known` takes its maximum there.
  template <class Keep>
  void add(int64_t i, const T* x, int64_t n, NextMax<T>& known, const T* next, Keep keep) {
    max[i] = known.row == x ? known.max : max_of_row(x, n);
    const ExpUnit<Vec<T>> unit = exp_unit(splat(shift_of(max[i])));
    Vec<T> most_next = -infinity<Vec<T>>();
    set(i, sum_row<S>(
               x, n,
               [&](S& sum, int64_t j, int64_t lanes, Vec<T> v) FASTDL_INLINE_LAMBDA {
                 const Vec<T> e = exp_in<nearly>(unit, v);
                 most_next = FASTDL_ISA::max(load_some(next + j, lanes, -infinity<T>()), most_next);
                 keep(j, lanes, e);
                 accumulate(sum, e);
               },
               n + fetch_ahead(0)));
    known = {next, max_number_lanes(most_next)};
  }
  void add(int64_t i, const T* x, int64_t n, NextMax<T>& known, const T* next) {
    add(i, x, n, known, next, [](int64_t, int64_t, Vec<T>) FASTDL_INLINE_LAMBDA {});
  }
  void add(int64_t i, const T* x, int64_t n) {
    add(i, x, n, [](int64_t, int64_t, Vec<T>) FASTDL_INLINE_LAMBDA {});
  }
  RowSums<T, nearly> sums() const {
    if constexpr (sizeof(T) == 8)
      return {load(max), {load(value), load(error)}};
    else
      return {load(max), {load(value), load(value + lanes<double>)}};
  }
  // The sums of the exponentials without the largest elements; the i-th row is at x + i n.
  Sum<Vec<T>> below(const T* x, int64_t n, int64_t count) const {
    RowGroup again = *this;
    for (int64_t i = 0; i < count; ++i) {
      const Vec<T> top = splat(max[i]);
      const ExpUnit<Vec<T>> unit = exp_unit(shift_of(top));
      again.set(
          i, sum_row<S>(x + i * n, n, [&](S& sum, int64_t, int64_t, Vec<T> v) FASTDL_INLINE_LAMBDA {
            accumulate(sum, select(v == top, Vec<T>{}, exp_in<nearly>(unit, v)));
          }));
    }
    return again.sums().sum;
  }

private:
  void set(int64_t i, const Sum<Vec<T>>& sum) {
    const auto s = fold(sum);
    value[i] = s.value;
    if constexpr (sizeof(T) == 8)
      error[i] = s.error;
  }
};

} // namespace FASTDL_ISA
} // namespace fastdl
