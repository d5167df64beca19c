#include "ops/batchnorm.h"

#include "core/reduce.h"
#include "core/write.h"
#include "ops/batchnorm_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

using Params = BatchNormParams;

// Room for a tile: a vector may reach past its end.
constexpr int64_t kRoom = kMaxTile + 64 / sizeof(float);
constexpr int64_t kSumRoom = kMaxSumTile + 64 / sizeof(float);

FASTDL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Lines that are asked for ahead: where results are written, and where lines are summed in groups.
constexpr int64_t kAhead = 2, kSumAhead = 4;

// A work unit: `lines` lines of `width` elements, `stride` elements apart, then one of `rest`
// elements if that is not 0.  Elements j, j + columns, ... of a line belong to one column.
struct Block {
  int64_t index, first, rows, column, columns; // first: of its elements
  int64_t lines, width, stride, rest;

  Block(const Params& p, int64_t unit) {
    const int64_t tiles = p.joined > 1 ? 1 : (p.columns + p.tile - 1) / p.tile;
    const int64_t height = p.height * p.joined;
    index = unit / tiles;
    column = unit % tiles * p.tile;
    columns = smaller(p.tile, p.columns - column);
    rows = smaller(height, p.rows - index * height);
    first = index * height * p.columns + column;
    lines = rows / p.joined;
    stride = p.joined * p.columns;
    width = p.joined > 1 ? stride : columns;
    rest = rows % p.joined * p.columns;
  }
  // Calls body(at, n) for each line, elements [at, at + n).
  template <class Body> void for_lines(Body body) const {
    for (int64_t i = 0; i < lines; ++i)
      body(first + i * stride, width);
    if (rest)
      body(first + lines * stride, rest);
  }
  // The same, several lines at a time: body(at, n, lines) with the number of lines a constant.
  template <class Body> void for_groups(Body body) const {
    int64_t i = 0;
    for (; i + 4 <= lines; i += 4)
      body(first + i * stride, width, Several<4>{});
    for (; i < lines; ++i)
      body(first + i * stride, width, Several<1>{});
    if (rest)
      body(first + lines * stride, rest, Several<1>{});
  }
  template <int n> struct Several {
    static constexpr int count = n;
  };
};

// What holds for a column holds for every place of it in a line.
template <class T> FASTDL_INLINE void repeat(T* line, const Block& b) {
  for (int64_t j = b.columns; j < b.width; ++j)
    line[j] = line[j - b.columns];
}

// The first n lanes of p; those of `other` in the others.
template <class T> FASTDL_INLINE Vec<T> load_or(const T* p, int64_t n, Vec<T> other) {
  if (n == lanes<T>)
    return load(p);
  using I = scalar_of<int_of<Vec<T>>>;
  return select(iota<I>() < splat(I(n)), load_partial(p, n), other);
}

// The lanes of a vector as doubles.
template <class T> constexpr int kParts = sizeof(double) / sizeof(T);
FASTDL_INLINE void widen(Vec<float> x, Vec<double>* parts) {
  parts[0] = widen_low(x), parts[1] = widen_high(x);
}
FASTDL_INLINE void widen(Vec<double> x, Vec<double>* parts) { parts[0] = x; }
FASTDL_INLINE void load_parts(const float* p, Vec<double>* parts) {
  parts[0] = load_wide(p), parts[1] = load_wide(p + lanes<double>);
}
FASTDL_INLINE void load_parts(const double* p, Vec<double>* parts) { parts[0] = load(p); }

// ---- statistics -----------------------------------------------------------------------

// Of each column of a unit: the sums of the differences from its first row, and of their squares.
template <class T> struct Deviations {
  alignas(64) T pivot[kSumRoom];
  alignas(64) double sum[kSumRoom], squares[kSumRoom];

  template <int rows> void add(const T* x, int64_t stride, int64_t n) {
    constexpr int K = kParts<T>, D = lanes<double>;
    for (int64_t j = 0; j < n; j += lanes<T>) {
      const int64_t count = smaller(lanes<T>, n - j);
      const Vec<T> near = load(pivot + j);
      Vec<double> p[K], s[K], q[K], v[K];
      widen(near, p);
      for (int k = 0; k < K; ++k)
        s[k] = load(sum + j + k * D), q[k] = load(squares + j + k * D);
      for (int i = 0; i < rows; ++i) {
        prefetch_for_later(x + j + (i + kSumAhead) * stride);
        if (count == lanes<T>)
          load_parts(x + j + i * stride, v);
        else
          widen(load_or(x + j + i * stride, count, near), v);
        for (int k = 0; k < K; ++k) {
          const Vec<double> d = v[k] - p[k];
          s[k] += d;
          q[k] = fma(d, d, q[k]);
        }
      }
      for (int k = 0; k < K; ++k)
        store(sum + j + k * D, s[k]), store(squares + j + k * D, q[k]);
    }
  }
};

template <class T>
void partial_moments(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* partials = static_cast<double*>(operands[0]);
  const T* x = static_cast<const T*>(operands[1]);
  Deviations<T> d;
  for (int64_t unit = begin; unit < end; ++unit) {
    const Block b(p, unit);
    for (int64_t j = 0; j < b.columns; ++j)
      d.pivot[j] = x[b.first + j];
    repeat(d.pivot, b);
    for (int64_t j = 0; j < b.width + lanes<T>; ++j)
      d.sum[j] = d.squares[j] = 0;
    b.for_groups(
        [&](int64_t at, int64_t n, auto rows) { d.template add<rows.count>(x + at, b.stride, n); });
    for (int64_t at = b.columns; at < b.width; at += b.columns)
      for (int64_t j = 0; j < b.columns; ++j) {
        d.sum[j] += d.sum[at + j];
        d.squares[j] += d.squares[at + j];
      }
    double* mean = partials + 2 * b.index * p.columns + b.column;
    double* squares = mean + p.columns;
    for (int64_t j = 0; j < b.columns; ++j) {
      const double near = static_cast<double>(d.pivot[j]) - static_cast<double>(x[b.column + j]);
      const Moments<double> m =
          moments_of(near, d.sum[j], d.squares[j], static_cast<double>(b.rows));
      mean[j] = m.mean;
      squares[j] = m.squares;
    }
  }
}

template <class T>
void merge_blocks(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* stats = static_cast<double*>(operands[0]);
  const auto* partials = static_cast<const double*>(operands[1]);
  const T* first = static_cast<const T*>(operands[2]);
  auto *running_mean = static_cast<T*>(operands[3]), *running_var = static_cast<T*>(operands[4]);
  const int64_t height = p.height * p.joined, last = smaller(end * kMergeColumns, p.columns);
  alignas(64) double means[kMergeColumns + 8], squares[kMergeColumns + 8], lost[kMergeColumns];
  for (int64_t column = begin * kMergeColumns; column < last; column += kMergeColumns) {
    const int64_t n = smaller(kMergeColumns, last - column);
    double seen = 0;
    for (int64_t row = 0; row < p.rows; row += height) {
      const double* at = partials + 2 * (row / height) * p.columns + column;
      const auto more = static_cast<double>(smaller(height, p.rows - row));
      const double all = seen + more, share = more / all, product = seen * share;
      for (int64_t j = 0; j < n; j += lanes<double>) {
        const int64_t count = smaller(lanes<double>, n - j);
        const Moments<Vec<double>> block{load_some(at + j, count),
                                         load_some(at + p.columns + j, count)};
        const Moments<Vec<double>> before{load(means + j), load(squares + j)};
        const auto m = row ? merge_moments(before, block, share, product) : block;
        store(means + j, m.mean);
        store(squares + j, m.squares);
      }
      seen = all;
    }
    T* running = running_mean ? running_mean + column : nullptr;
    for (int64_t j = 0; j < n; ++j) {
      const double mean = two_sum<double>(first[column + j], means[j], &lost[j]);
      means[j] = isnan(squares[j]) ? quiet_nan<double>() : mean; // wherever an inf stood
    }
    for (int64_t j = 0; running && j < n; ++j)
      running[j] = static_cast<T>(move_running(running[j], means[j], p.momentum));
    running = running_var ? running_var + column : nullptr;
    for (int64_t j = 0; running && j < n; ++j)
      running[j] = static_cast<T>(move_running(running[j], squares[j] / (seen - 1), p.momentum));
    double* out = stats + column;
    for (int64_t j = 0; j < n; ++j) {
      out[j] = means[j];
      out[p.columns + j] = lost[j];
      out[2 * p.columns + j] = 1 / sqrt(squares[j] / seen + p.eps);
    }
  }
}

template <class T>
void given_stats(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* stats = static_cast<double*>(operands[0]);
  const auto *mean = static_cast<const T*>(operands[1]), *var = static_cast<const T*>(operands[2]);
  for (int64_t c = begin * kMergeColumns; c < smaller(end * kMergeColumns, p.columns); ++c) {
    stats[c] = static_cast<double>(mean[c]);
    stats[p.columns + c] = 0;
    stats[2 * p.columns + c] = 1 / sqrt(static_cast<double>(var[c]) + p.eps);
  }
}

template <class T>
void stats_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  if (p.step == Params::partial)
    partial_moments<T>(operands, p, begin, end);
  else if (p.step == Params::merge)
    merge_blocks<T>(operands, p, begin, end);
  else
    given_stats<T>(operands, p, begin, end);
}

// ---- what holds for a column, in the dtype of x ---------------------------------------

// The statistics of all columns, float64.
struct Stats {
  const double *mean, *rounded_off, *inverse;
  Stats(const void* stats, int64_t columns)
      : mean(static_cast<const double*>(stats)), rounded_off(mean + columns),
        inverse(rounded_off + columns) {}
  // The mean less its nearest T.
  template <class T> double low(int64_t c) const {
    return (mean[c] - static_cast<double>(static_cast<T>(mean[c]))) + rounded_off[c];
  }
};

template <class T, int64_t room> struct Columns {
  alignas(64) T high[room], scale[room], shift[room];
  alignas(64) T slope[room], offset[room]; // of the gradient

  // operands: stats, weight, bias
  void fill(void* const* operands, const Params& p, const Block& b) {
    const Stats stats(operands[0], p.columns);
    const auto *weight = static_cast<const T*>(operands[1]),
               *bias = static_cast<const T*>(operands[2]);
    for (int64_t j = 0; j < b.columns; ++j) {
      const int64_t c = b.column + j;
      const double factor = stats.inverse[c] * (weight ? static_cast<double>(weight[c]) : 1.0);
      const double constant = bias ? static_cast<double>(bias[c]) : 0.0;
      high[j] = static_cast<T>(stats.mean[c]);
      scale[j] = static_cast<T>(factor);
      shift[j] = static_cast<T>(constant - stats.low<T>(c) * factor);
    }
    repeat(high, b);
    repeat(scale, b);
    repeat(shift, b);
  }
  // operands: stats; sums as batch_norm_backward has them
  void fill_gradient(void* const* operands, const double* sums, const Params& p, const Block& b) {
    const Stats stats(operands[0], p.columns);
    const auto count = static_cast<double>(p.rows);
    for (int64_t j = 0; j < b.columns; ++j) {
      const int64_t c = b.column + j;
      const double factor = sums[p.columns + c] / count * stats.inverse[c];
      slope[j] = static_cast<T>(-factor);
      offset[j] = static_cast<T>(sums[c] / count - stats.low<T>(c) * factor);
    }
    repeat(slope, b);
    repeat(offset, b);
  }
  Vec<T> output(Vec<T> d, int64_t j) const { return affine(d, load(scale + j), load(shift + j)); }
};

template <class T>
void normalize_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  T* out = static_cast<T*>(operands[0]);
  const T* x = static_cast<const T*>(operands[1]);
  Columns<T, kRoom> c;
  for (int64_t unit = begin; unit < end; ++unit) {
    const Block b(p, unit);
    c.fill(operands + 2, p, b);
    const auto lines = [&](auto finish) {
      b.for_lines([&](int64_t at, int64_t n) {
        write_run(out + at, n, p.past_cache, [&](int64_t j, int64_t count) {
          prefetch_for_later(x + at + j + kAhead * b.stride);
          return finish(c.output(load_some(x + at + j, count) - load(c.high + j), j));
        });
      });
    };
    if (p.relu)
      lines([](Vec<T> y) { return rectified(y); });
    else
      lines([](Vec<T> y) { return y; });
  }
  if (p.past_cache)
    fence();
}

// ---- backward -------------------------------------------------------------------------

// Sums for every place of a line.
template <class T> struct Sums {
  alignas(64) double value[kSumRoom];
  alignas(64) double error[sizeof(T) == 8 ? kSumRoom : 1];

  void clear(int64_t n) {
    for (int64_t j = 0; j < n; ++j)
      value[j] = 0;
    for (int64_t j = 0; sizeof(T) == 8 && j < n; ++j)
      error[j] = 0;
  }
  Sum<Vec<T>> get(int64_t j) const {
    if constexpr (sizeof(T) == 4)
      return {load(value + j), load(value + j + lanes<double>)};
    else
      return {load(value + j), load(error + j)};
  }
  void put(int64_t j, const Sum<Vec<T>>& s) {
    if constexpr (sizeof(T) == 4) {
      store(value + j, s.low);
      store(value + j + lanes<double>, s.high);
    } else {
      store(value + j, s.value);
      store(error + j, s.error);
    }
  }
  Sum<T> at(int64_t j) const {
    if constexpr (sizeof(T) == 4)
      return {value[j]};
    else
      return {value[j], error[j]};
  }
  // Of column j.
  double of_column(int64_t j, const Block& b) const {
    Sum<T> s = at(j);
    for (int64_t k = j + b.columns; k < b.width; k += b.columns)
      merge(s, at(k));
    return total(s);
  }
};

template <class T> struct GradientSums {
  Columns<T, kSumRoom> c;
  Sums<T> of_g, of_g_d; // of g, and of g (x - high)

  template <int rows, bool relu> void add(const T* g, const T* x, int64_t stride, int64_t n) {
    for (int64_t j = 0; j < n; j += lanes<T>) {
      const int64_t count = smaller(lanes<T>, n - j);
      const Vec<T> high = load(c.high + j), scale = load(c.scale + j), shift = load(c.shift + j);
      Sum<Vec<T>> s = of_g.get(j), t = of_g_d.get(j);
      for (int i = 0; i < rows; ++i) {
        const int64_t next = j + (i + kSumAhead) * stride;
        prefetch_for_later(x + next);
        prefetch_for_later(g + next);
        const Vec<T> d = load_or(x + j + i * stride, count, high) - high;
        Vec<T> v = load_some(g + j + i * stride, count);
        if (relu)
          v = rectified_gradient(v, affine(d, scale, shift));
        accumulate(s, v);
        accumulate_product(t, v, d);
      }
      of_g.put(j, s);
      of_g_d.put(j, t);
    }
  }
};

template <class T>
void partial_sums(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* partials = static_cast<double*>(operands[0]);
  const auto *g = static_cast<const T*>(operands[1]), *x = static_cast<const T*>(operands[2]);
  GradientSums<T> sums;
  for (int64_t unit = begin; unit < end; ++unit) {
    const Block b(p, unit);
    sums.c.fill(operands + 3, p, b);
    sums.of_g.clear(b.width + lanes<T>);
    sums.of_g_d.clear(b.width + lanes<T>);
    b.for_groups([&](int64_t at, int64_t n, auto rows) {
      if (p.relu)
        sums.template add<rows.count, true>(g + at, x + at, b.stride, n);
      else
        sums.template add<rows.count, false>(g + at, x + at, b.stride, n);
    });
    double* out = partials + 2 * b.index * p.columns + b.column;
    for (int64_t j = 0; j < b.columns; ++j) {
      out[j] = sums.of_g.of_column(j, b);
      out[p.columns + j] = sums.of_g_d.of_column(j, b);
    }
  }
}

template <class T>
void merge_sums(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* of_g = static_cast<double*>(operands[0]);
  auto* of_g_xhat = of_g + p.columns;
  const auto* partials = static_cast<const double*>(operands[1]);
  const Stats stats(operands[2], p.columns);
  auto *dweight = static_cast<T*>(operands[3]), *dbias = static_cast<T*>(operands[4]);
  const int64_t first = begin * kMergeColumns, last = smaller(end * kMergeColumns, p.columns);
  for (int64_t c = first; c < last; ++c)
    of_g[c] = of_g_xhat[c] = 0;
  for (int64_t row = 0; row < p.rows; row += p.height * p.joined, partials += 2 * p.columns)
    for (int64_t c = first; c < last; ++c) {
      of_g[c] += partials[c];
      of_g_xhat[c] += partials[p.columns + c];
    }
  for (int64_t c = first; c < last; ++c)
    of_g_xhat[c] = (of_g_xhat[c] - of_g[c] * stats.low<T>(c)) * stats.inverse[c];
  for (int64_t c = first; dweight && c < last; ++c)
    dweight[c] = static_cast<T>(of_g_xhat[c]);
  for (int64_t c = first; dbias && c < last; ++c)
    dbias[c] = static_cast<T>(of_g[c]);
}

template <class T>
void sums_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  if (p.step == Params::partial)
    partial_sums<T>(operands, p, begin, end);
  else
    merge_sums<T>(operands, p, begin, end);
}

template <class T>
void backward_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  const auto* sums = static_cast<const double*>(operands[6]);
  T* out = static_cast<T*>(operands[0]);
  const auto *g = static_cast<const T*>(operands[1]), *x = static_cast<const T*>(operands[2]);
  Columns<T, kRoom> c;
  for (int64_t unit = begin; unit < end; ++unit) {
    const Block b(p, unit);
    c.fill(operands + 3, p, b);
    if (sums)
      c.fill_gradient(operands + 3, sums, p, b);
    const auto lines = [&](auto through) {
      b.for_lines([&](int64_t at, int64_t n) {
        write_run(out + at, n, p.past_cache, [&](int64_t j, int64_t count) {
          const int64_t next = at + j + kAhead * b.stride;
          prefetch_for_later(x + next);
          prefetch_for_later(g + next);
          const Vec<T> d = load_some(x + at + j, count) - load(c.high + j);
          const Vec<T> v = through(load_some(g + at + j, count), d, j), scale = load(c.scale + j);
          return sums ? input_gradient(v, d, load(c.slope + j), load(c.offset + j), scale)
                      : v * scale;
        });
      });
    };
    if (p.relu)
      lines([&](Vec<T> v, Vec<T> d, int64_t j) { return rectified_gradient(v, c.output(d, j)); });
    else
      lines([](Vec<T> v, Vec<T>, int64_t) { return v; });
  }
  if (p.past_cache)
    fence();
}

template <class T> void register_kernels(KernelTable& table) {
  table.set(Op::batch_norm_stats, dtype_of<T>, stats_kernel<T>);
  table.set(Op::batch_norm, dtype_of<T>, normalize_kernel<T>);
  table.set(Op::batch_norm_backward_sums, dtype_of<T>, sums_kernel<T>);
  table.set(Op::batch_norm_backward, dtype_of<T>, backward_kernel<T>);
}

} // namespace

void register_batchnorm(KernelTable& table) {
  register_kernels<float>(table);
  register_kernels<double>(table);
}

} // namespace FASTDL_ISA
} // namespace fastdl
