#include "ops/reduce_cpu.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

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
      bool nan = false; // one comparison finds it in two vectors
      for (; i + 8 * L <= n && !nan; i += 8 * L)
        for (int k = 0; k < 4; ++k) {
          const Vec<T> a = load(x + i + k * L), b = load(x + i + (k + 4) * L);
          nan = nan || any_nan(a, b);
          v[k] = largest ? max(a, max(b, v[k])) : min(a, min(b, v[k]));
        }
      if (nan)
        return quiet_nan<T>();
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
  table.set(Op::sum, dtype_of<T>, reduce<IntegerFold<T, false>>);
  table.set(Op::prod, dtype_of<T>, reduce<IntegerFold<T, true>>);
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
