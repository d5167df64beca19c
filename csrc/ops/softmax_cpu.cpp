#include "ops/softmax_cpu.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// Exponentials wait here while their sum is not known, if the results are to go past the caches.
constexpr int64_t kScratchBytes = 65536;

// 1 / sum in two parts.
template <class T> struct Factor {
  Vec<T> high, low;
};
template <class T, bool nearly>
Factor<T> softmax_factor(const RowSums<T, nearly>& sums, bool masked) {
  Factor<T> f;
  f.high = sums.reciprocal(&f.low);
  if (masked) { // nothing to share out: zeros
    const auto empty = f.high == infinity<Vec<T>>();
    f.high = select(empty, Vec<T>{}, f.high);
    f.low = select(empty, Vec<T>{}, f.low);
  }
  return f;
}

// ---- rows -----------------------------------------------------------------------------

// The results of a row from element i on.
template <class T> struct Quotients {
  const T* exponentials;
  Vec<T> high, low;
  Vec<T> operator()(int64_t i, int64_t count) const {
    return times_parts(load_some(exponentials + i, count), high, low);
  }
};
template <class T> struct LogQuotients {
  const T* x;
  Vec<T> shift, log;
  Vec<T> operator()(int64_t i, int64_t count) const {
    return (load_some(x + i, count) - shift) - log;
  }
};

// Rows that are worked on one by one and whose results go past the caches: each is written while
// the next one is exponentiated.
template <class T>
void softmax_long_rows(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  alignas(64) T scratch[2][kScratchBytes / sizeof(T)];
  SpreadRun<T, Quotients<T>> before;
  NextMax<T> known;
  for (int64_t row = begin; row < end; ++row) {
    T* const kept = scratch[row & 1];
    RowGroup<T, true, typename QuickSumOf<T>::Type> rows;
    const T *from = x + row * p.n, *next = row + 1 < end ? from + p.n : from;
    rows.add(0, from, p.n, known, next,
             [&](int64_t i, int64_t count, Vec<T> e) FASTDL_INLINE_LAMBDA {
               store_some(kept + i, e, count);
               before.step();
             });
    const Factor<T> factor = softmax_factor(rows.sums(), p.masked);
    before.finish();
    before.begin(out + row * p.n, p.n, {kept, splat(factor.high[0]), splat(factor.low[0])});
  }
  before.finish();
}

template <class T>
void log_softmax_long_rows(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  SpreadRun<T, LogQuotients<T>> before;
  NextMax<T> known;
  for (int64_t row = begin; row < end; ++row) {
    const T* from = x + row * p.n;
    RowGroup<T, false> rows;
    rows.add(0, from, p.n, [&](int64_t, int64_t, Vec<T>) FASTDL_INLINE_LAMBDA { before.step(); });
    const auto sums = rows.sums();
    const Vec<T> log = narrow(sums.log_exactly(p.n, [&] { return rows.below(from, p.n, 1); }));
    before.finish();
    before.begin(out + row * p.n, p.n, {from, splat(sums.shift()[0]), splat(log[0])});
  }
  before.finish();
}

template <class T>
void softmax_rows(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  using Group = RowGroup<T, true, typename QuickSumOf<T>::Type>;
  const int64_t n = p.n, group = Group::size(n);
  if (p.past_cache && group == 1 && n * static_cast<int64_t>(sizeof(T)) <= kScratchBytes)
    return softmax_long_rows(p, out, x, begin, end);
  alignas(64) T scratch[kScratchBytes / sizeof(T)];
  // Rows too long for that are exponentiated twice.
  const bool twice = p.past_cache && n * static_cast<int64_t>(sizeof(T)) > kScratchBytes;
  for (int64_t first = begin; first < end; first += group) {
    const int64_t count = end - first < group ? end - first : group;
    const T* from = x + first * n;
    T *to = out + first * n, *kept = p.past_cache ? scratch : to;
    Group rows;
    for (int64_t row = 0; row < count; ++row)
      rows.add(row, from + row * n, n,
               [&](int64_t i, int64_t lanes, Vec<T> e) FASTDL_INLINE_LAMBDA {
                 if (!twice)
                   store_some(kept + row * n + i, e, lanes);
               });
    const auto sums = rows.sums();
    const Factor<T> factor = softmax_factor(sums, p.masked);
    for (int64_t row = 0; row < count; ++row) {
      const int64_t at = row * n;
      const Vec<T> row_high = splat(factor.high[row]), row_low = splat(factor.low[row]);
      if (twice) {
        const ExpUnit<Vec<T>> unit = exp_unit(splat(sums.shift()[row]));
        write_run(to + at, n, true, [&](int64_t i, int64_t lanes) FASTDL_INLINE_LAMBDA {
          return times_parts(exp_in<true>(unit, load_some(from + at + i, lanes)), row_high,
                             row_low);
        });
      } else {
        write_run(to + at, n, p.past_cache, [&](int64_t i, int64_t lanes) FASTDL_INLINE_LAMBDA {
          return times_parts(load_some(kept + at + i, lanes), row_high, row_low);
        });
      }
    }
  }
}

template <class T>
void log_softmax_rows(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  using Group = RowGroup<T, false>;
  const int64_t n = p.n, group = Group::size(n);
  if (p.past_cache && group == 1 && n * static_cast<int64_t>(sizeof(T)) <= kScratchBytes)
    return log_softmax_long_rows(p, out, x, begin, end);
  for (int64_t first = begin; first < end; first += group) {
    const int64_t count = end - first < group ? end - first : group;
    const T* from = x + first * n;
    Group rows;
    for (int64_t row = 0; row < count; ++row)
      rows.add(row, from + row * n, n);
    const auto sums = rows.sums();
    const Vec<T> shift = sums.shift(),
                 log = narrow(sums.log_exactly(n, [&] { return rows.below(from, n, count); }));
    for (int64_t row = 0; row < count; ++row) {
      const Vec<T> row_shift = splat(shift[row]), row_log = splat(log[row]);
      write_run(out + (first + row) * n, n, p.past_cache,
                [&](int64_t i, int64_t lanes) FASTDL_INLINE_LAMBDA {
                  return (load_some(from + row * n + i, lanes) - row_shift) - row_log;
                });
    }
  }
}

template <class T, bool nearly> Vec<T> logsumexp_of(const RowSums<T, nearly>& sums) {
  const Wide<T> shift = widen(sums.shift());
  Wide<T> w = sums.log();
  for (int p = 0; p < wide_parts<T>; ++p)
    w.part[p] += shift.part[p];
  return narrow(w);
}

template <class T>
void logsumexp_rows(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  using Group = RowGroup<T, false, typename QuickSumOf<T>::Type>;
  const int64_t n = p.n, group = Group::size(n);
  NextMax<T> known;
  for (int64_t first = begin; first < end; first += group) {
    const int64_t count = end - first < group ? end - first : group;
    const T* from = x + first * n;
    Group rows;
    if (group == 1)
      rows.add(0, from, n, known, first + 1 < end ? from + n : from);
    else
      for (int64_t row = 0; row < count; ++row)
        rows.add(row, from + row * n, n);
    const auto sums = rows.sums();
    Vec<T> result = logsumexp_of(sums);
    for (int64_t row = 0; row < count; ++row)
      if (sums.max[row] == infinity<T>() && !has_nan(from + row * n, n))
        result[row] = infinity<T>();
    store_some(out + first, result, count);
  }
}

// out = gradient(g, y, dot), where part(dot, g, y) adds to the row's dot.
template <class T, class Part, class Gradient>
void backward_rows(const SoftmaxParams& p, T* out, const T* g, const T* y, int64_t begin,
                   int64_t end, Part part, Gradient gradient) {
  const int64_t n = p.n, ahead = fetch_ahead(n);
  constexpr int L = lanes<T>;
  for (int64_t at = begin * n; at < end * n; at += n) {
    Sum<Vec<T>> sum{};
    int64_t i = at;
    for (; i + L <= at + n; i += L) {
      prefetch_for_later(g + i + ahead);
      prefetch_for_later(y + i + ahead);
      part(sum, load(g + i), load(y + i));
    }
    if (i < at + n)
      part(sum, load_partial(g + i, at + n - i), load_partial(y + i, at + n - i));
    const Vec<T> dot = splat(static_cast<T>(total(fold(sum))));
    write_run(out + at, n, p.past_cache, [&](int64_t k, int64_t lanes) FASTDL_INLINE_LAMBDA {
      return gradient(load_some(g + at + k, lanes), load_some(y + at + k, lanes), dot);
    });
  }
}

// ---- columns --------------------------------------------------------------------------

// Neighbouring columns of a matrix, `width` of them, in rows of `stride` elements.
template <class T> struct Columns {
  int64_t n, stride, width;
  int64_t pad; // width as whole vectors: the stride of a compact copy

  // f(row, column, lanes) for vectors of columns.
  template <class F> void each(F f) const {
    constexpr int L = lanes<T>;
    for (int64_t r = 0; r < n; ++r) {
      int64_t c = 0;
      for (; c + L <= width; c += L)
        f(r, c, int64_t(L));
      if (c < width)
        f(r, c, width - c);
    }
  }
  template <class Value> void write(T* out, bool past_cache, Value value) const {
    for (int64_t r = 0; r < n; ++r)
      write_run(out + r * stride, width, past_cache,
                [&](int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA { return value(r, c, lanes); });
  }
};

// f(columns, offset in the input, first result) for the blocks of columns [begin, end).
template <class T, class F>
void for_columns(const SoftmaxParams& p, int64_t begin, int64_t end, F f) {
  constexpr int64_t L = lanes<T>;
  const int64_t blocks = (p.inner + p.columns - 1) / p.columns;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t outer = unit / blocks, first = unit % blocks * p.columns;
    const int64_t left = p.inner - first, width = left < p.columns ? left : p.columns;
    f(Columns<T>{p.n, p.inner, width, (width + L - 1) / L * L}, outer * p.n * p.inner + first,
      outer * p.inner + first);
  }
}

// Maxima and sums of the exponentials of columns.
template <class T, bool nearly> struct ColumnSums {
  const Columns<T> columns;
  const T* const x;
  T* const copy; // of x, then perhaps of the exponentials: compact; null if there is no room
  alignas(64) T max[kMostColumns], base[kMostColumns], power[kMostColumns], least[kMostColumns];
  Sum<Vec<T>> sums[kMostColumns / lanes<T>];

  static constexpr int64_t room = kColumnBytes / sizeof(T);

  ColumnSums(const Columns<T>& columns_, const T* x_, T* scratch)
      : columns(columns_), x(x_), copy(columns_.n * columns_.pad <= room ? scratch : nullptr) {
    for (int64_t c = 0; c < columns.pad; c += lanes<T>)
      store(max + c, -infinity<Vec<T>>());
    const int64_t ahead = 16 * columns.stride; // the hardware fetches no rows that are far apart
    columns.each([&](int64_t r, int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA {
      const T* from = x + r * columns.stride + c;
      prefetch(from + ahead);
      const Vec<T> v = load_some(from, lanes, -infinity<T>());
      store(max + c, FASTDL_ISA::max(v, load(max + c)));
      if (copy)
        store(copy + r * columns.pad + c, v);
    });
    for (int64_t c = 0; c < columns.pad; c += lanes<T>) {
      const ExpUnit<Vec<T>> unit = exp_unit(shift_of(load(max + c)));
      store(base + c, unit.base);
      store(power + c, unit.power);
      store(least + c, unit.least);
    }
  }

  ExpUnit<Vec<T>> unit(int64_t c, int64_t lanes) const {
    return {load_some(base + c, lanes), load_some(power + c, lanes), load_some(least + c, lanes)};
  }
  Vec<T> at(int64_t r, int64_t c, int64_t lanes) const {
    return copy ? load_some(copy + r * columns.pad + c, lanes)
                : load_some(x + r * columns.stride + c, lanes, -infinity<T>());
  }

  // Adds up the exponentials; with `keep` they take the place of the copy, if there is one.
  template <bool keep> void sum() {
    for (auto& s : sums)
      s = Sum<Vec<T>>{};
    columns.each([&](int64_t r, int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA {
      const Vec<T> e = exp_in<nearly>(unit(c, FASTDL_ISA::lanes<T>), at(r, c, lanes));
      accumulate(sums[c / FASTDL_ISA::lanes<T>], e);
      if (keep && copy)
        store(copy + r * columns.pad + c, e);
    });
  }
  RowSums<T, nearly> rows(int64_t c) const { return {load(max + c), sums[c / lanes<T>]}; }

  // The sum of the exponentials of a vector of columns without the largest.
  Sum<Vec<T>> below(int64_t c) const {
    const int64_t left = columns.width - c, count = left < lanes<T> ? left : lanes<T>;
    Sum<Vec<T>> sum{};
    for (int64_t r = 0; r < columns.n; ++r) {
      const Vec<T> v = at(r, c, count);
      accumulate(sum, select(v == load(max + c), Vec<T>{}, exp_in<nearly>(unit(c, lanes<T>), v)));
    }
    return sum;
  }
};

template <class T>
void softmax_columns(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  alignas(64) T scratch[ColumnSums<T, true>::room];
  for_columns<T>(p, begin, end, [&](const Columns<T>& columns, int64_t offset, int64_t) {
    ColumnSums<T, true> s(columns, x + offset, scratch);
    s.template sum<true>();
    alignas(64) T high[kMostColumns], low[kMostColumns];
    for (int64_t c = 0; c < columns.pad; c += lanes<T>) {
      const Factor<T> factor = softmax_factor(s.rows(c), p.masked);
      store(high + c, factor.high);
      store(low + c, factor.low);
    }
    columns.write(out + offset, p.past_cache,
                  [&](int64_t r, int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA {
                    const Vec<T> v = s.at(r, c, lanes);
                    return times_parts(s.copy ? v : exp_in<true>(s.unit(c, lanes), v),
                                       load_some(high + c, lanes), load_some(low + c, lanes));
                  });
  });
}

template <class T>
void log_softmax_columns(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  alignas(64) T scratch[ColumnSums<T, false>::room];
  for_columns<T>(p, begin, end, [&](const Columns<T>& columns, int64_t offset, int64_t) {
    ColumnSums<T, false> s(columns, x + offset, scratch);
    s.template sum<false>();
    alignas(64) T shift[kMostColumns], log[kMostColumns];
    for (int64_t c = 0; c < columns.pad; c += lanes<T>) {
      const auto rows = s.rows(c);
      store(shift + c, rows.shift());
      store(log + c, narrow(rows.log_exactly(p.n, [&] { return s.below(c); })));
    }
    columns.write(
        out + offset, p.past_cache, [&](int64_t r, int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA {
          return (s.at(r, c, lanes) - load_some(shift + c, lanes)) - load_some(log + c, lanes);
        });
  });
}

template <class T>
void logsumexp_columns(const SoftmaxParams& p, T* out, const T* x, int64_t begin, int64_t end) {
  alignas(64) T scratch[ColumnSums<T, false>::room];
  for_columns<T>(p, begin, end, [&](const Columns<T>& columns, int64_t offset, int64_t result) {
    ColumnSums<T, false> s(columns, x + offset, scratch);
    s.template sum<false>();
    for (int64_t c = 0; c < columns.width; c += lanes<T>) {
      const int64_t left = columns.width - c, count = left < lanes<T> ? left : lanes<T>;
      const auto rows = s.rows(c);
      Vec<T> value = logsumexp_of(rows);
      if (any(rows.max == infinity<Vec<T>>())) { // there, +inf unless there is a NaN, too
        Vec<T> largest = rows.max;
        for (int64_t r = 0; r < columns.n; ++r)
          largest = maximum(s.at(r, c, count), largest);
        value = select(rows.max == infinity<Vec<T>>(), largest, value);
      }
      store_some(out + result + c, value, count);
    }
  });
}

template <class T, class Part, class Gradient>
void backward_columns(const SoftmaxParams& p, T* out, const T* g, const T* y, int64_t begin,
                      int64_t end, Part part, Gradient gradient) {
  for_columns<T>(p, begin, end, [&](const Columns<T>& columns, int64_t offset, int64_t) {
    Sum<Vec<T>> sums[kMostColumns / lanes<T>] = {};
    const auto at = [&](const T* x, int64_t r, int64_t c, int64_t lanes) {
      return load_some(x + offset + r * columns.stride + c, lanes);
    };
    columns.each([&](int64_t r, int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA {
      part(sums[c / FASTDL_ISA::lanes<T>], at(g, r, c, lanes), at(y, r, c, lanes));
    });
    alignas(64) T dot[kMostColumns];
    for (int64_t c = 0; c < columns.pad; c += lanes<T>)
      store(dot + c, rounded(sums[c / lanes<T>]));
    columns.write(
        out + offset, p.past_cache, [&](int64_t r, int64_t c, int64_t lanes) FASTDL_INLINE_LAMBDA {
          return gradient(at(g, r, c, lanes), at(y, r, c, lanes), load_some(dot + c, lanes));
        });
  });
}

// ---- the kernels ----------------------------------------------------------------------

#define X(name)                                                                                    \
  template <class T>                                                                               \
  void name(void* const* operands, const void* params, int64_t begin, int64_t end) {               \
    const auto& p = *static_cast<const SoftmaxParams*>(params);                                    \
    (p.inner == 1 ? name##_rows<T> : name##_columns<T>)(p, static_cast<T*>(operands[0]),           \
                                                        static_cast<const T*>(operands[1]), begin, \
                                                        end);                                      \
    if (p.past_cache)                                                                              \
      fence();                                                                                     \
  }
X(softmax)
X(log_softmax)
X(logsumexp)
#undef X

template <class T, class Part, class Gradient>
void backward(void* const* operands, const void* params, int64_t begin, int64_t end, Part part,
              Gradient gradient) {
  const auto& p = *static_cast<const SoftmaxParams*>(params);
  (p.inner == 1 ? backward_rows<T, Part, Gradient>
                : backward_columns<T, Part, Gradient>)(p, static_cast<T*>(operands[0]),
                                                       static_cast<const T*>(operands[1]),
                                                       static_cast<const T*>(operands[2]), begin,
                                                       end, part, gradient);
  if (p.past_cache)
    fence();
}

template <class T>
void softmax_backward(void* const* operands, const void* params, int64_t begin, int64_t end) {
  backward<T>(
      operands, params, begin, end,
      [](Sum<Vec<T>>& sum, Vec<T> g, Vec<T> y)
          FASTDL_INLINE_LAMBDA { accumulate_product(sum, g, y); },
      [](Vec<T> g, Vec<T> y, Vec<T> dot)
          FASTDL_INLINE_LAMBDA { return softmax_gradient(g, y, dot); });
}

template <class T>
void log_softmax_backward(void* const* operands, const void* params, int64_t begin, int64_t end) {
  backward<T>(
      operands, params, begin, end,
      [](Sum<Vec<T>>& sum, Vec<T> g, Vec<T>) FASTDL_INLINE_LAMBDA { accumulate(sum, g); },
      [](Vec<T> g, Vec<T> y, Vec<T> sum)
          FASTDL_INLINE_LAMBDA { return log_softmax_gradient(g, y, sum); });
}

} // namespace

void register_softmax(KernelTable& table) {
#define X(name)                                                                                    \
  table.set(Op::name, DType::float32, name<float>);                                                \
  table.set(Op::name, DType::float64, name<double>);
  X(softmax) X(log_softmax) X(logsumexp) X(softmax_backward) X(log_softmax_backward)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
