#include "ops/reduce.h"

#include "core/reduce.h"

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
// wide ones are read along the rows, four at a time; of narrow ones a vector's rows all at once.
template <class T, class Add>
FASTDL_INLINE void for_column_pieces(int64_t rows, int64_t n, Add add) {
  int64_t r = 0;
  if (n > 4 * lanes<T>)
    for (; r + 4 <= rows; r += 4)
      for_column_vectors<T>(n, [&](int64_t c, int64_t count) { add(r, int64_t(4), c, count); });
  for_column_vectors<T>(n, [&](int64_t c, int64_t count) { add(r, rows - r, c, count); });
}

template <class T> FASTDL_INLINE void accumulate_some(Sum<Vec<T>>& s, const T* x, int64_t count) {
  if (count == lanes<T>)
    accumulate(s, x);
  else
    accumulate(s, load_partial(x, count));
}

template <class T, bool mean> struct FloatSum {
  using In = T;
  using Out = T;
  using State = Sum<T>;
  static State row(const T* x, int64_t n, int64_t) { return sum_run(x, n); }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* states) {
    Sum<Vec<T>> sums[kReduceColumns / lanes<T>] = {};
    for_column_pieces<T>(rows, n, [&](int64_t r, int64_t more, int64_t c, int64_t count) {
      Sum<Vec<T>> s = sums[c / lanes<T>];
      for (int64_t i = 0; i < more; ++i)
        accumulate_some(s, x + (r + i) * stride + c, count);
      sums[c / lanes<T>] = s;
    });
    for (int64_t c = 0; c < n; ++c)
      states[c] = lane(sums[c / lanes<T>], static_cast<int>(c % lanes<T>));
  }
  static State merge(State a, int64_t, State b, int64_t) {
    FASTDL_ISA::merge(a, b);
    return a;
  }
  static T finish(State s, const ReduceParams& p) {
    return static_cast<T>(mean ? total(s) / static_cast<double>(p.length) : total(s));
  }
};

template <class T> struct IntegerSum {
  using In = T;
  using Out = int64_t;
  using State = uint64_t; // wraps
  static State row(const T* x, int64_t n, int64_t) {
    State s = 0;
    for (int64_t i = 0; i < n; ++i)
      s += static_cast<State>(x[i]);
    return s;
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* s) {
    for (int64_t c = 0; c < n; ++c)
      s[c] = 0;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c)
        s[c] += static_cast<State>(x[r * stride + c]);
  }
  static State merge(State a, int64_t, State b, int64_t) { return a + b; }
  static int64_t finish(State s, const ReduceParams&) { return static_cast<int64_t>(s); }
};

// The first n lanes from memory, as doubles; `fill` in the others.
FASTDL_INLINE Vec<double> load_doubles(const double* x, int64_t n, Vec<double> fill) {
  if (n == lanes<double>)
    return load(x);
  return select(iota<int64_t>() < splat(n), load_partial(x, n), fill);
}
FASTDL_INLINE Vec<double> load_doubles(const float* x, int64_t n, Vec<double> fill) {
  if (n == lanes<double>)
    return load_wide(x);
  return select(iota<int64_t>() < splat(n), widen_low(load_partial(x, n)), fill);
}

// sqrt of the sum of squares: of floats in doubles, where nothing over- or underflows.
template <class T> struct Norm {
  using In = T;
  using Out = T;
  using State = Sum<double>;
  static State row(const T* x, int64_t n, int64_t) {
    constexpr int L = lanes<double>;
    Sum<Vec<double>> s[2] = {};
    int64_t i = 0;
    for (; i + 2 * L <= n; i += 2 * L)
      for (int k = 0; k < 2; ++k)
        add_square(s[k], load_doubles(x + i + k * L, L, Vec<double>{}));
    for (; i < n; i += L)
      add_square(s[0], load_doubles(x + i, n - i < L ? n - i : L, Vec<double>{}));
    FASTDL_ISA::merge(s[0], s[1]);
    return fold(s[0]);
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* states) {
    for_column_vectors<double>(n, [&](int64_t c, int64_t width) {
      Sum<Vec<double>> s{};
      for (int64_t r = 0; r < rows; ++r)
        add_square(s, load_doubles(x + r * stride + c, width, Vec<double>{}));
      for (int i = 0; i < width; ++i)
        states[c + i] = lane(s, i);
    });
  }
  static void add_square(Sum<Vec<double>>& s, Vec<double> x) { accumulate(s, x * x); }
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
    double value = 1;
    int64_t exponent = 0;
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
    State s[4];
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
      for (int k = 0; k < 4; ++k)
        push(s[k], {static_cast<double>(x[i + k])});
    for (; i < n; ++i)
      push(s[0], {static_cast<double>(x[i])});
    for (int k = 1; k < 4; ++k)
      push(s[0], s[k]);
    return s[0];
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* s) {
    for (int64_t c = 0; c < n; ++c)
      s[c] = {};
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c)
        push(s[c], {static_cast<double>(x[r * stride + c])});
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

template <class T> struct IntegerProduct {
  using In = T;
  using Out = int64_t;
  using State = uint64_t; // wraps
  static State row(const T* x, int64_t n, int64_t) {
    State s = 1;
    for (int64_t i = 0; i < n; ++i)
      s *= static_cast<State>(x[i]);
    return s;
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* s) {
    for (int64_t c = 0; c < n; ++c)
      s[c] = 1;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c)
        s[c] *= static_cast<State>(x[r * stride + c]);
  }
  static State merge(State a, int64_t, State b, int64_t) { return a * b; }
  static int64_t finish(State s, const ReduceParams&) { return static_cast<int64_t>(s); }
};

// ---- variance -------------------------------------------------------------------------

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
    constexpr int L = lanes<double>;
    const double mean = total(sum_run(x, n)) / static_cast<double>(n);
    const Vec<double> center = splat(mean);
    Sum<Vec<double>> sum_d{}, sum_d2{};
    for (int64_t i = 0; i < n; i += L) {
      const Vec<double> d = load_doubles(x + i, n - i < L ? n - i : L, center) - center;
      accumulate(sum_d, d);
      accumulate(sum_d2, d * d);
    }
    return state(mean, static_cast<double>(n), total(fold(sum_d)), total(fold(sum_d2)));
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, State* states) {
    const double count = static_cast<double>(rows);
    for_column_vectors<double>(n, [&](int64_t c, int64_t width) {
      Sum<Vec<double>> sum{}, sum_d{}, sum_d2{};
      for (int64_t r = 0; r < rows; ++r)
        accumulate(sum, load_doubles(x + r * stride + c, width, Vec<double>{}));
      Vec<double> center{};
      for (int i = 0; i < width; ++i)
        center[i] = total(lane(sum, i)) / count;
      for (int64_t r = 0; r < rows; ++r) {
        const Vec<double> d = load_doubles(x + r * stride + c, width, center) - center;
        accumulate(sum_d, d);
        accumulate(sum_d2, d * d);
      }
      for (int i = 0; i < width; ++i)
        states[c + i] = state(center[i], count, total(lane(sum_d, i)), total(lane(sum_d2, i)));
    });
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

// ---- extrema --------------------------------------------------------------------------

// Whether x goes before best: larger (smaller), or the first NaN.
template <bool largest, class T> FASTDL_INLINE bool wins(T x, T best) {
  return (largest ? x > best : x < best) || (x != x && best == best);
}
// x is the new one: looking for NaN in it does not wait for best, and max keeps one in best.
template <bool largest, class V> FASTDL_INLINE V better(V x, V best) {
  if constexpr (largest)
    return maximum(x, best);
  else
    return minimum(x, best);
}

template <class T, bool largest> struct Extremum {
  using In = T;
  using Out = T;
  using State = T;
  static State row(const T* x, int64_t n, int64_t) {
    T best = x[0];
    if constexpr (is_real<T>) {
      constexpr int L = lanes<T>;
      Vec<T> v[4] = {splat(best), splat(best), splat(best), splat(best)};
      int64_t i = 0;
      for (; i + 4 * L <= n; i += 4 * L)
        for (int k = 0; k < 4; ++k)
          v[k] = better<largest>(load(x + i + k * L), v[k]);
      for (; i + L <= n; i += L)
        v[0] = better<largest>(load(x + i), v[0]);
      if (i < n)
        v[1] = better<largest>(load_partial(x + i, n - i, best), v[1]);
      const Vec<T> all = better<largest>(better<largest>(v[0], v[1]), better<largest>(v[2], v[3]));
      return largest ? max_lanes(all) : min_lanes(all);
    } else {
      for (int64_t i = 1; i < n; ++i)
        best = wins<largest>(x[i], best) ? x[i] : best;
      return best;
    }
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t, T* best) {
    if constexpr (is_real<T>) {
      for_column_vectors<T>(n, [&](int64_t c, int64_t count) {
        store_some(best + c, load_some(x + c, count), count);
      });
      for_column_pieces<T>(rows, n, [&](int64_t r, int64_t more, int64_t c, int64_t count) {
        Vec<T> v = load_some(best + c, count);
        for (int64_t i = 0; i < more; ++i)
          v = better<largest>(load_some(x + (r + i) * stride + c, count), v);
        store_some(best + c, v, count);
      });
    } else {
      for (int64_t c = 0; c < n; ++c)
        best[c] = x[c];
      for (int64_t r = 1; r < rows; ++r)
        for (int64_t c = 0; c < n; ++c)
          best[c] = wins<largest>(x[r * stride + c], best[c]) ? x[r * stride + c] : best[c];
    }
  }
  static State merge(State a, int64_t, State b, int64_t) { return wins<largest>(b, a) ? b : a; }
  static T finish(State s, const ReduceParams&) { return s; }
};

template <class T, bool largest> struct Argument {
  using In = T;
  using Out = int64_t;
  struct State {
    T value;
    int64_t index;
  };
  static State row(const T* x, int64_t n, int64_t first) {
    const T best = Extremum<T, largest>::row(x, n, first);
    int64_t i = 0;
    if constexpr (is_real<T>) {
      for (; i + lanes<T> <= n; i += lanes<T>) {
        const Vec<T> v = load(x + i);
        if (any(best == best ? v == splat(best) : v != v))
          break;
      }
    }
    while (!(best == best ? x[i] == best : x[i] != x[i]))
      ++i;
    return {x[i], first + i};
  }
  static void columns(const T* x, int64_t rows, int64_t stride, int64_t n, int64_t first,
                      State* states) {
    T best[kReduceColumns];
    int64_t at[kReduceColumns];
    for (int64_t c = 0; c < n; ++c) {
      best[c] = x[c];
      at[c] = first;
    }
    for (int64_t r = 1; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c) {
        const T value = x[r * stride + c];
        const bool better = wins<largest>(value, best[c]);
        best[c] = better ? value : best[c];
        at[c] = better ? first + r : at[c];
      }
    for (int64_t c = 0; c < n; ++c)
      states[c] = {best[c], at[c]};
  }
  static State merge(State a, int64_t, State b, int64_t) {
    return wins<largest>(b.value, a.value) ? b : a;
  }
  static int64_t finish(State s, const ReduceParams&) { return s.index; }
};

// ---- truth ----------------------------------------------------------------------------

template <bool all> struct Truth {
  using In = bool;
  using Out = bool;
  using State = bool;
  static State row(const bool* x, int64_t n, int64_t) {
    for (int64_t i = 0; i < n; ++i)
      if (x[i] != all)
        return !all;
    return all;
  }
  static void columns(const bool* x, int64_t rows, int64_t stride, int64_t n, int64_t, bool* s) {
    for (int64_t c = 0; c < n; ++c)
      s[c] = all;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < n; ++c)
        s[c] = all ? s[c] & x[r * stride + c] : s[c] | x[r * stride + c];
  }
  static State merge(State a, int64_t, State b, int64_t) { return all ? a && b : a || b; }
  static bool finish(State s, const ReduceParams&) { return s; }
};

// ---- the kernel -----------------------------------------------------------------------

template <class R>
void combine(void* const* operands, const ReduceParams& p, int64_t begin, int64_t end) {
  auto* out = static_cast<typename R::Out*>(operands[0]);
  const auto* partials = static_cast<const typename R::State*>(operands[1]);
  const int64_t results = p.outer * p.inner;
  int64_t stop = end * kReduceColumns;
  stop = stop < results ? stop : results;
  for (int64_t i = begin * kReduceColumns; i < stop; ++i) {
    const auto* at = partials + i / p.inner * p.chunks * p.inner + i % p.inner;
    typename R::State s = *at;
    for (int64_t c = 1; c < p.chunks; ++c) {
      const int64_t before = c * p.chunk, left = p.length - before;
      s = R::merge(s, before, at[c * p.inner], left < p.chunk ? left : p.chunk);
    }
    out[i] = R::finish(s, p);
  }
}

template <class R>
void reduce(void* const* operands, const void* params, int64_t begin, int64_t end) {
  using State = typename R::State;
  static_assert(sizeof(State) <= kReducePartialBytes);
  const auto& p = *static_cast<const ReduceParams*>(params);
  if (p.stage == ReduceStage::combine)
    return combine<R>(operands, p, begin, end);
  const int64_t blocks = (p.inner + kReduceColumns - 1) / kReduceColumns;
  if (begin == end)
    return;
  int64_t block = begin % blocks, row = begin / blocks, chunk = row % p.chunks,
          outer = row / p.chunks;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t column = block * kReduceColumns, first = chunk * p.chunk;
    const int64_t left = p.length - first, n = left < p.chunk ? left : p.chunk;
    const int64_t after = p.inner - column,
                  columns = after < kReduceColumns ? after : kReduceColumns;
    const auto* x = static_cast<const typename R::In*>(operands[1]) +
                    (outer * p.length + first) * p.inner + column;
    State states[kReduceColumns];
    if (p.inner == 1)
      states[0] = R::row(x, n, first);
    else
      R::columns(x, n, p.inner, columns, first, states);
    const int64_t at = row * p.inner + column;
    if (p.stage == ReduceStage::partial)
      for (int64_t c = 0; c < columns; ++c)
        static_cast<State*>(operands[0])[at + c] = states[c];
    else
      for (int64_t c = 0; c < columns; ++c)
        static_cast<typename R::Out*>(operands[0])[at + c] = R::finish(states[c], p);
    if (++block < blocks)
      continue;
    block = 0, ++row;
    if (++chunk == p.chunks)
      chunk = 0, ++outer;
  }
}

template <class T> void register_ordered(KernelTable& table) {
  table.set(Op::amax, dtype_of<T>, reduce<Extremum<T, true>>);
  table.set(Op::amin, dtype_of<T>, reduce<Extremum<T, false>>);
  table.set(Op::argmax, dtype_of<T>, reduce<Argument<T, true>>);
  table.set(Op::argmin, dtype_of<T>, reduce<Argument<T, false>>);
}

template <class T> void register_float(KernelTable& table) {
  table.set(Op::sum, dtype_of<T>, reduce<FloatSum<T, false>>);
  table.set(Op::mean, dtype_of<T>, reduce<FloatSum<T, true>>);
  table.set(Op::norm, dtype_of<T>, reduce<Norm<T>>);
  table.set(Op::prod, dtype_of<T>, reduce<FloatProduct<T>>);
  table.set(Op::var, dtype_of<T>, reduce<Variance<T>>);
  register_ordered<T>(table);
}

template <class T> void register_integer(KernelTable& table) {
  table.set(Op::sum, dtype_of<T>, reduce<IntegerSum<T>>);
  table.set(Op::prod, dtype_of<T>, reduce<IntegerProduct<T>>);
  register_ordered<T>(table);
}

} // namespace

void register_reduce(KernelTable& table) {
  register_float<float>(table);
  register_float<double>(table);
  register_integer<int64_t>(table);
  register_integer<int32_t>(table);
  register_integer<uint8_t>(table);
  register_integer<bool>(table);
  table.set(Op::all, DType::boolean, reduce<Truth<true>>);
  table.set(Op::any, DType::boolean, reduce<Truth<false>>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
