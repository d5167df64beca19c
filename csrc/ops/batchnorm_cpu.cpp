#include "ops/batchnorm.h"

#include "core/reduce.h"
#include "ops/batchnorm_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

using Params = BatchNormParams;

constexpr int64_t kTile = kBatchColumns;

FASTDL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
FASTDL_INLINE int64_t tiles(const Params& p) { return (p.columns + kTile - 1) / kTile; }
FASTDL_INLINE int64_t row_blocks(const Params& p) { return (p.rows + kBatchRows - 1) / kBatchRows; }

// Calls body(block, first row, rows, first column, columns) for work units [begin, end).
template <class Body>
FASTDL_INLINE void for_blocks(const Params& p, int64_t begin, int64_t end, Body body) {
  const int64_t across = tiles(p);
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t block = unit / across, row = block * kBatchRows, column = unit % across * kTile;
    body(block, row, smaller(kBatchRows, p.rows - row), column, smaller(kTile, p.columns - column));
  }
}

// A vector of columns; n of its lanes are there.
template <class T> FASTDL_INLINE Vec<T> read(const T* p, int64_t n) {
  return n >= lanes<T> ? load(p) : load_partial(p, n);
}
template <class T> FASTDL_INLINE void write(T* p, Vec<T> v, int64_t n) {
  if (n >= lanes<T>)
    store(p, v);
  else if (n > 0)
    store_partial(p, v, n);
}

// The lanes of a vector as doubles.
template <class T> constexpr int kParts = sizeof(double) / sizeof(T);
FASTDL_INLINE void widen(Vec<float> x, Vec<double>* parts) {
  parts[0] = widen_low(x), parts[1] = widen_high(x);
}
FASTDL_INLINE void widen(Vec<double> x, Vec<double>* parts) { parts[0] = x; }

// ---- statistics -----------------------------------------------------------------------

// Of n columns' `rows` values: their mean less `first` (the matrix's first row), and the sum of
// their squared deviations; in two passes over what the cache holds.
template <class T>
FASTDL_INLINE void block_moments(const T* first, const T* x, int64_t stride, int64_t rows,
                                 int64_t n, double* mean, double* squares) {
  constexpr int K = kParts<T>;
  Vec<double> pivot[K], value[K], sum[K] = {}, center[K], rest[K] = {}, total[K] = {};
  widen(read(first, n), pivot);
  for (int64_t i = 0; i < rows; ++i) {
    widen(read(x + i * stride, n), value);
    for (int k = 0; k < K; ++k)
      sum[k] += value[k] - pivot[k];
  }
  const Vec<double> count = splat(static_cast<double>(rows));
  for (int k = 0; k < K; ++k)
    center[k] = sum[k] / count;
  for (int64_t i = 0; i < rows; ++i) {
    widen(read(x + i * stride, n), value);
    for (int k = 0; k < K; ++k) {
      const Vec<double> d = (value[k] - pivot[k]) - center[k];
      rest[k] += d;
      total[k] = fma(d, d, total[k]);
    }
  }
  for (int k = 0; k < K; ++k) {
    const int64_t there = n - k * lanes<double>;
    write(mean + k * lanes<double>, center[k] + rest[k] / count, there);
    write(squares + k * lanes<double>, max(Vec<double>{}, total[k] - rest[k] * rest[k] / count),
          there);
  }
}

template <class T>
void partial_moments(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* partials = static_cast<double*>(operands[0]);
  const T* x = static_cast<const T*>(operands[1]);
  for_blocks(p, begin, end,
             [&](int64_t block, int64_t row, int64_t rows, int64_t column, int64_t n) {
               double* out = partials + 2 * block * p.columns + column;
               const T* in = x + row * p.columns + column;
               for (int64_t j = 0; j < n; j += lanes<T>)
                 block_moments(x + column + j, in + j, p.columns, rows, n - j, out + j,
                               out + p.columns + j);
             });
}

template <class T>
void merge_blocks(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* stats = static_cast<double*>(operands[0]);
  const auto* partials = static_cast<const double*>(operands[1]);
  const T* first = static_cast<const T*>(operands[2]);
  auto *running_mean = static_cast<T*>(operands[3]), *running_var = static_cast<T*>(operands[4]);
  const int64_t last = smaller(end * kTile, p.columns);
  for (int64_t column = begin * kTile; column < last; column += kTile) {
    const int64_t n = smaller(kTile, last - column);
    Moments moments[kTile];
    double seen = 0;
    for (int64_t block = 0; block < row_blocks(p); ++block) {
      const double* mean = partials + 2 * block * p.columns + column;
      const double* squares = mean + p.columns;
      const auto more = static_cast<double>(smaller(kBatchRows, p.rows - block * kBatchRows));
      const double all = seen + more, share = more / all, product = seen * share;
      for (int64_t j = 0; j < n; ++j)
        moments[j] = block ? merge_moments(moments[j], {mean[j], squares[j]}, share, product)
                           : Moments{mean[j], squares[j]};
      seen = all;
    }
    for (int64_t j = 0; j < n; ++j) {
      const int64_t c = column + j;
      double rounded_off;
      const double mean = two_sum<double>(first[c], moments[j].mean, &rounded_off);
      stats[c] = mean;
      stats[p.columns + c] = rounded_off;
      stats[2 * p.columns + c] = 1 / sqrt(moments[j].squares / seen + p.eps);
      if (running_mean)
        running_mean[c] = static_cast<T>(move_running(running_mean[c], mean, p.momentum));
      if (running_var)
        running_var[c] = static_cast<T>(
            move_running(running_var[c], moments[j].squares / (seen - 1), p.momentum));
    }
  }
}

template <class T>
void given_stats(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* stats = static_cast<double*>(operands[0]);
  const auto *mean = static_cast<const T*>(operands[1]), *var = static_cast<const T*>(operands[2]);
  for (int64_t c = begin * kTile; c < smaller(end * kTile, p.columns); ++c) {
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

template <class T> struct Columns {
  alignas(64) T high[kTile] = {}, low[kTile] = {}; // the mean
  alignas(64) T inverse[kTile] = {}, scale[kTile] = {}, shift[kTile] = {};
};

// operands: stats, weight, bias
template <class T>
FASTDL_INLINE void fill(Columns<T>& c, void* const* operands, const Params& p, int64_t column,
                        int64_t n) {
  const double* mean = static_cast<const double*>(operands[0]) + column;
  const double *rounded_off = mean + p.columns, *inverse = rounded_off + p.columns;
  const auto *weight = static_cast<const T*>(operands[1]),
             *bias = static_cast<const T*>(operands[2]);
  for (int64_t j = 0; j < n; ++j) {
    c.high[j] = static_cast<T>(mean[j]);
    c.low[j] = static_cast<T>((mean[j] - static_cast<double>(c.high[j])) + rounded_off[j]);
    c.inverse[j] = static_cast<T>(inverse[j]);
    c.scale[j] = weight ? static_cast<T>(inverse[j] * static_cast<double>(weight[column + j]))
                        : c.inverse[j];
    c.shift[j] = bias ? bias[column + j] : T(0);
  }
}

template <class T>
void normalize_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  Columns<T> c;
  for_blocks(p, begin, end, [&](int64_t, int64_t row, int64_t rows, int64_t column, int64_t n) {
    fill(c, operands + 2, p, column, n);
    for (int64_t i = row; i < row + rows; ++i) {
      T* out = static_cast<T*>(operands[0]) + i * p.columns + column;
      const T* x = static_cast<const T*>(operands[1]) + i * p.columns + column;
      for (int64_t j = 0; j < n; j += lanes<T>) {
        const Vec<T> d = centered(read(x + j, n - j), load(c.high + j), load(c.low + j));
        const Vec<T> y = affine(d, load(c.scale + j), load(c.shift + j));
        write(out + j, p.relu ? rectified(y) : y, n - j);
      }
    }
  });
}

// ---- backward -------------------------------------------------------------------------

// g where the ReLU let y through.
template <class T>
FASTDL_INLINE Vec<T> gradient(Vec<T> g, Vec<T> d, const Columns<T>& c, int64_t j, bool relu) {
  return relu ? rectified_gradient(g, affine(d, load(c.scale + j), load(c.shift + j))) : g;
}

template <class T>
void partial_sums(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* partials = static_cast<double*>(operands[0]);
  Columns<T> c;
  for_blocks(
      p, begin, end, [&](int64_t block, int64_t row, int64_t rows, int64_t column, int64_t n) {
        fill(c, operands + 3, p, column, n);
        double* out = partials + 2 * block * p.columns + column;
        const T* g_at = static_cast<const T*>(operands[1]) + row * p.columns + column;
        const T* x_at = static_cast<const T*>(operands[2]) + row * p.columns + column;
        for (int64_t j = 0; j < n; j += lanes<T>) {
          Sum<Vec<T>> of_g{}, of_g_xhat{};
          for (int64_t i = 0; i < rows; ++i) {
            const Vec<T> x = read(x_at + i * p.columns + j, n - j);
            const Vec<T> d = centered(x, load(c.high + j), load(c.low + j));
            const Vec<T> g = gradient(read(g_at + i * p.columns + j, n - j), d, c, j, p.relu);
            accumulate(of_g, g);
            accumulate_product(of_g_xhat, g, d * load(c.inverse + j));
          }
          for (int64_t k = 0; k < smaller(lanes<T>, n - j); ++k) {
            out[j + k] = total(lane(of_g, k));
            out[p.columns + j + k] = total(lane(of_g_xhat, k));
          }
        }
      });
}

void merge_sums(void* const* operands, const Params& p, int64_t begin, int64_t end) {
  auto* sums = static_cast<double*>(operands[0]);
  const auto* partials = static_cast<const double*>(operands[1]);
  const int64_t first = begin * kTile, last = smaller(end * kTile, p.columns);
  for (int64_t which = 0; which < 2; ++which) {
    double* out = sums + which * p.columns;
    for (int64_t c = first; c < last; ++c)
      out[c] = 0;
    for (int64_t block = 0; block < row_blocks(p); ++block)
      for (int64_t c = first; c < last; ++c)
        out[c] += partials[(2 * block + which) * p.columns + c];
  }
}

template <class T>
void sums_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  if (p.step == Params::partial)
    partial_sums<T>(operands, p, begin, end);
  else
    merge_sums(operands, p, begin, end);
}

template <class T>
void backward_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  const auto* sums = static_cast<const double*>(operands[6]);
  const auto count = static_cast<double>(p.rows);
  Columns<T> c;
  alignas(64) T mean_g[kTile] = {}, mean_g_xhat[kTile] = {};
  for_blocks(p, begin, end, [&](int64_t, int64_t row, int64_t rows, int64_t column, int64_t n) {
    fill(c, operands + 3, p, column, n);
    for (int64_t j = 0; sums && j < n; ++j) {
      mean_g[j] = static_cast<T>(sums[column + j] / count);
      mean_g_xhat[j] = static_cast<T>(sums[p.columns + column + j] / count);
    }
    for (int64_t i = row; i < row + rows; ++i) {
      const int64_t at = i * p.columns + column;
      T* out = static_cast<T*>(operands[0]) + at;
      const T *g_at = static_cast<const T*>(operands[1]) + at,
              *x_at = static_cast<const T*>(operands[2]) + at;
      for (int64_t j = 0; j < n; j += lanes<T>) {
        const Vec<T> d = centered(read(x_at + j, n - j), load(c.high + j), load(c.low + j));
        const Vec<T> g = gradient(read(g_at + j, n - j), d, c, j, p.relu), s = load(c.scale + j);
        write(out + j,
              sums ? input_gradient(g, d * load(c.inverse + j), load(mean_g + j),
                                    load(mean_g_xhat + j), s)
                   : g * s,
              n - j);
      }
    }
  });
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
