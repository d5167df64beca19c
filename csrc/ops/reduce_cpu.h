// Reductions that add up or multiply; the others, and the kernel, are in reduce_cpu.cpp.
#pragma once
#include "core/reduce.h"
#include "ops/reduce.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// A reduction R has an input, an output and a State (of a part of one result), and
//   row(x, n, first)                            n neighbours, the first at index `first` of its row
//   columns(x, rows, stride, n, first, states)  n neighbouring columns
//   merge(a, count_a, b, count_b)               a's elements come before b's
//   finish(state, params)

template <class T> constexpr bool is_real = is_float(dtype_of<T>);

// ---- sums -----------------------------------------------------------------------------

// Calls body(column, count) for vectors of columns; the last may have fewer than lanes<T>.
template <class T, class Body> FASTDL_INLINE void for_column_vectors(int64_t n, Body body) {
  int64_t c = 0;
  for (; c + lanes<T> <= n; c += lanes<T>)
    body(c, int64_t(lanes<T>));
  if (c < n)
    body(c, n - c);
}

// Calls add(row, rows, c, count) for every piece of a matrix, vectors of columns times some rows:
// wide ones are read along the rows, eight at a time; of narrow ones a vector's rows all at once.
template <class T, class Add>
FASTDL_INLINE void for_column_pieces(int64_t rows, int64_t n, Add add) {
  int64_t r = 0;
  if (n > 4 * lanes<T>)
    for (; r + 8 <= rows; r += 8)
      for_column_vectors<T>(n, [&](int64_t c, int64_t count) { add(r, int64_t(8), c, count); });
  for_column_vectors<T>(n, [&](int64_t c, int64_t count) { add(r, rows - r, c, count); });
}

template <class T> constexpr int64_t kColumnVectors = kReduceColumns / lanes<T>;

// Adds up n columns, lane by lane.
template <class T>
static void sum_columns(const T* x, int64_t rows, int64_t stride, int64_t n, Sum<Vec<T>>* sums) {
  for (int64_t c = 0; c < n; c += lanes<T>)
    sums[c / lanes<T>] = Sum<Vec<T>>{};
  for_column_pieces<T>(rows, n, [&](int64_t r, int64_t more, int64_t c, int64_t count) {
    Sum<Vec<T>>& s = sums[c / lanes<T>];
    const T* at = x + r * stride + c;
    if (count == lanes<T>) {
      Run<T> run{s};
      for (int64_t i = 0; i < more; ++i)
        run.add(at + i * stride);
      s = run.sum();
    } else {
      for (int64_t i = 0; i < more; ++i)
        accumulate(s, load_partial(at + i * stride, count));
    }
  });
}
template <class T> FASTDL_INLINE Sum<T> column(const Sum<Vec<T>>* sums, int64_t c) {
  return lane(sums[c / lanes<T>], static_cast<int>(c % lanes<T>));
}

template <class T, bool mean> struct FloatSum {
  using In = T;
  using Out = T;
  using State = Sum<T>;
  static State row(const T* x, int64_t n, int64_t) { return sum_run(x, n); }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* states) {
    Sum<Vec<T>> sums[kColumnVectors<T>];
    sum_columns(x, rows, stride, n, sums);
    for (int64_t c = 0; c < n; ++c)
      states[c] = column<T>(sums, c);
  }
  static State merge(State a, int64_t, State b, int64_t) {
    FASTDL_ISA::merge(a, b);
    return a;
  }
  static T finish(State s, const ReduceParams& p) {
    return static_cast<T>(mean ? total(s) / static_cast<double>(p.length) : total(s));
  }
};

// Sums and products of integers.
template <class T, bool product> struct IntegerFold {
  using In = T;
  using Out = int64_t;
  using State = uint64_t; // wraps
  static State merge(State a, State b) { return product ? a * b : a + b; }
  static State merge(State a, int64_t, State b, int64_t) { return merge(a, b); }
  static State row(const T* x, int64_t n, int64_t) {
    State s = product;
    for (int64_t i = 0; i < n; ++i)
      s = merge(s, static_cast<State>(x[i]));
    return s;
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* s) {
    for (int64_t c = 0; c < n; ++c)
      s[c] = product;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c)
        s[c] = merge(s[c], static_cast<State>(x[r * stride + c]));
  }
  static int64_t finish(State s, const ReduceParams&) { return static_cast<int64_t>(s); }
};

// sqrt of the sum of squares: of floats in doubles, where nothing over- or underflows.
template <class T> struct Norm {
  using In = T;
  using Out = T;
  using State = Sum<T>;
  static void add_square(Sum<Vec<T>>& s, Vec<T> x) { accumulate_product(s, x, x); }
  static State row(const T* x, int64_t n, int64_t) {
    constexpr int L = lanes<T>;
    Sum<Vec<T>> s[4] = {};
    int64_t i = 0;
    for (; i + 4 * L <= n; i += 4 * L)
      for (int k = 0; k < 4; ++k)
        add_square(s[k], load(x + i + k * L));
    for (; i < n; i += L)
      add_square(s[0], load_some(x + i, n - i < L ? n - i : L));
    FASTDL_ISA::merge(s[0], s[1]);
    FASTDL_ISA::merge(s[2], s[3]);
    FASTDL_ISA::merge(s[0], s[2]);
    return fold(s[0]);
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* states) {
    Sum<Vec<T>> sums[kColumnVectors<T>];
    for (int64_t c = 0; c < n; c += lanes<T>)
      sums[c / lanes<T>] = Sum<Vec<T>>{};
    for_column_pieces<T>(rows, n, [&](int64_t r, int64_t more, int64_t c, int64_t count) {
      for (int64_t i = 0; i < more; ++i)
        add_square(sums[c / lanes<T>], load_some(x + (r + i) * stride + c, count));
    });
    for (int64_t c = 0; c < n; ++c)
      states[c] = column<T>(sums, c);
  }
  static State merge(State a, int64_t, State b, int64_t) {
    FASTDL_ISA::merge(a, b);
    return a;
  }
  static T finish(State s, const ReduceParams&) { return static_cast<T>(sqrt(total(s))); }
};

// ---- products -------------------------------------------------------------------------

// value * 2^exponent, so that no order of multiplying over- or underflows on the way.
template <class T> struct FloatProduct {
  using In = T;
  using Out = T;
  struct State {
    double value;
    int64_t exponent;
  };
  static constexpr double kLarge = 0x1p500, kSmall = 0x1p-500;
  static constexpr int kStep = 600;

  static void keep_in_range(State& s) {
    if (abs(s.value) > kLarge) [[unlikely]] {
      s.value *= 0x1p-600;
      s.exponent += kStep;
    } else if (abs(s.value) < kSmall && s.value != 0) [[unlikely]] {
      s.value *= 0x1p600;
      s.exponent -= kStep;
    }
  }
  static void push(State& s, State factor) {
    if (sizeof(T) == 8)
      keep_in_range(factor);
    s.value *= factor.value;
    s.exponent += factor.exponent;
    keep_in_range(s);
  }
  static State row(const T* x, int64_t n, int64_t) {
    State s[4] = {{1, 0}, {1, 0}, {1, 0}, {1, 0}};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
      for (int k = 0; k < 4; ++k)
        push(s[k], {static_cast<double>(x[i + k]), 0});
    for (; i < n; ++i)
      push(s[0], {static_cast<double>(x[i]), 0});
    for (int k = 1; k < 4; ++k)
      push(s[0], s[k]);
    return s[0];
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* s) {
    for (int64_t c = 0; c < n; ++c)
      s[c] = {1, 0};
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c)
        push(s[c], {static_cast<double>(x[r * stride + c]), 0});
  }
  static State merge(State a, int64_t, State b, int64_t) {
    push(a, b);
    return a;
  }
  static T finish(State s, const ReduceParams&) {
    const int64_t bound = 4 * kStep, e = s.exponent; // beyond it is 0 or inf anyhow
    const auto clamped = static_cast<int>(e > bound ? bound : e < -bound ? -bound : e);
    return static_cast<T>(__builtin_ldexp(s.value, clamped));
  }
};

// ---- variance -------------------------------------------------------------------------

FASTDL_INLINE void add_double(Sum<float>& s, double x) { s.value += x; }
FASTDL_INLINE void add_double(Sum<double>& s, double x) { accumulate(s, x); }

// A mean of each lane is kept in a Sum, which has room for doubles.
template <class T> FASTDL_INLINE Sum<Vec<T>> in_all_lanes(double mean) {
  if constexpr (sizeof(T) == 4)
    return {splat(mean), splat(mean)};
  else
    return {splat(mean), Vec<double>{}};
}
FASTDL_INLINE Sum<Vec<float>> means(const Sum<Vec<float>>& s, double n) {
  return {s.low / splat(n), s.high / splat(n)};
}
FASTDL_INLINE Sum<Vec<double>> means(const Sum<Vec<double>>& s, double n) {
  return {select(s.error == s.error, s.value + s.error, s.value) / splat(n), Vec<double>{}};
}

// Adds the deviations of x from the means, and their squares.
FASTDL_INLINE void add_deviations(Sum<Vec<float>>& sum, Sum<Vec<float>>& squares, Vec<float> x,
                                  const Sum<Vec<float>>& mean) {
  const Vec<double> low = widen_low(x) - mean.low, high = widen_high(x) - mean.high;
  sum.low += low;
  sum.high += high;
  squares.low += low * low;
  squares.high += high * high;
}
FASTDL_INLINE void add_deviations(Sum<Vec<double>>& sum, Sum<Vec<double>>& squares, Vec<double> x,
                                  const Sum<Vec<double>>& mean) {
  const Vec<double> d = x - mean.value;
  accumulate(sum, d);
  accumulate(squares, d * d);
}

template <class T> struct Variance {
  using In = T;
  using Out = T;
  struct State {
    double near, offset; // the mean is near + offset, kept apart since their sum rounds
    Sum<double> m2;      // the sum of squared deviations from the mean
  };

  // From the sums of the deviations d from a number near the mean, and of their squares.
  static State state(double near, double n, double sum_d, double sum_d2) {
    return {near, sum_d / n, {sum_d2, -(sum_d * sum_d / n)}};
  }
  static State row(const T* x, int64_t n, int64_t) {
    constexpr int L = lanes<T>;
    const double count = static_cast<double>(n), mean = total(sum_run(x, n)) / count;
    const Sum<Vec<T>> center = in_all_lanes<T>(mean);
    Sum<Vec<T>> sums[2] = {}, squares[2] = {};
    int64_t i = 0;
    for (; i + 2 * L <= n; i += 2 * L)
      for (int k = 0; k < 2; ++k)
        add_deviations(sums[k], squares[k], load(x + i + k * L), center);
    FASTDL_ISA::merge(sums[0], sums[1]);
    FASTDL_ISA::merge(squares[0], squares[1]);
    Sum<T> sum = fold(sums[0]), square = fold(squares[0]);
    for (; i < n; ++i) {
      const double d = static_cast<double>(x[i]) - mean;
      add_double(sum, d);
      add_double(square, d * d);
    }
    return state(mean, count, total(sum), total(square));
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* states) {
    const double count = static_cast<double>(rows);
    Sum<Vec<T>> mean[kColumnVectors<T>], sums[kColumnVectors<T>], squares[kColumnVectors<T>];
    sum_columns(x, rows, stride, n, mean);
    for (int64_t v = 0; v * lanes<T> < n; ++v) {
      mean[v] = means(mean[v], count);
      sums[v] = squares[v] = Sum<Vec<T>>{};
    }
    for_column_pieces<T>(rows, n, [&](int64_t r, int64_t more, int64_t c, int64_t width) {
      const int64_t v = c / lanes<T>;
      Sum<Vec<T>> sum = sums[v], square = squares[v];
      for (int64_t i = 0; i < more; ++i)
        add_deviations(sum, square, load_some(x + (r + i) * stride + c, width), mean[v]);
      sums[v] = sum;
      squares[v] = square;
    });
    for (int64_t c = 0; c < n; ++c)
      states[c] = state(total(column<T>(mean, c)), count, total(column<T>(sums, c)),
                        total(column<T>(squares, c)));
  }
  static State merge(State a, int64_t count_a, State b, int64_t count_b) {
    const double na = static_cast<double>(count_a), nb = static_cast<double>(count_b);
    const double delta = (b.near - a.near) + (b.offset - a.offset), share = nb / (na + nb);
    FASTDL_ISA::merge(a.m2, b.m2);
    accumulate(a.m2, delta * delta * na * share);
    return {a.near, a.offset + delta * share, a.m2};
  }
  static T finish(State s, const ReduceParams& p) {
    const double left = static_cast<double>(p.length) - p.correction;
    return static_cast<T>(total(s.m2) / (left > 0 ? left : 0));
  }
};

} // namespace
} // namespace FASTDL_ISA
} // namespace fastdl
