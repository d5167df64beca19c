#include "ops/layernorm.h"

#include "core/reduce.h"
#include "core/write.h"
#include "ops/layernorm_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

using Params = LayerNormParams;

// So many elements are fetched ahead of the first reading of a row.
constexpr int64_t kFetchAhead = 512;

// By what a row is multiplied so that none of its differences overflows, where 1 / sqrt(var + eps)
// is that small.
template <class T> struct Large;
template <> struct Large<float> {
  static constexpr double below = 0x1p-100, scale = 0x1p-64;
};
template <> struct Large<double> {
  static constexpr double below = 0x1p-500, scale = 0x1p-600;
};

// Mean and 1 / sqrt(var + eps) of a row.
template <class T> struct RowStats {
  T scale, high, low, scaled_inverse, inverse;

  static constexpr int parts = sizeof(double) / sizeof(T);

  // The sums of x - pivot and of its square, both times `scale` (that twice).
  struct Sums {
    double total, of_squares;
  };

  FASTDL_INLINE void add(Vec<double>* sum, Vec<double>* squares, const T* x, T pivot, double scale,
                         int64_t count) {
    Vec<double> v[parts];
    const Vec<T> d = load_some(x, count, pivot);
    if constexpr (parts == 2)
      v[0] = widen_low(d), v[1] = widen_high(d);
    else
      v[0] = d;
    for (int k = 0; k < parts; ++k) {
      v[k] = fma(v[k], splat(scale), splat(static_cast<double>(pivot) * -scale));
      sum[k] += v[k];
      squares[k] = fma(v[k], v[k], squares[k]);
    }
  }

  FASTDL_INLINE Sums sums_of(const T* x, const Params& p, double scale) {
    constexpr int64_t L = lanes<T>;
    const T pivot = x[0];
    Vec<double> sum[2 * parts] = {}, squares[2 * parts] = {};
    int64_t i = 0;
    for (; i + 2 * L <= p.n; i += 2 * L) {
      prefetch(x + i + kFetchAhead);
      prefetch(x + i + L + kFetchAhead);
      add(sum, squares, x + i, pivot, scale, L);
      add(sum + parts, squares + parts, x + i + L, pivot, scale, L);
    }
    for (; i < p.n; i += L)
      add(sum, squares, x + i, pivot, scale, p.n - i < L ? p.n - i : L);
    for (int k = 1; k < 2 * parts; ++k)
      sum[0] += sum[k], squares[0] += squares[k];
    return {sum_lanes(sum[0]), sum_lanes(squares[0])};
  }

  // Of x, written down in stats at `row` too.
  RowStats(const T* x, const Params& p, double* stats, int64_t row) {
    double by = 1;
    Sums sums = sums_of(x, p, by);
    if (sizeof(T) == sizeof(double) && !(sums.of_squares < infinity<double>())) {
      by = Large<T>::scale;
      sums = sums_of(x, p, by);
    }
    const auto n = static_cast<double>(p.n);
    const double shift = sums.total / n;
    double lost;
    const double mean = two_sum(static_cast<double>(x[0]) * by, shift, &lost);
    const double rounded = static_cast<double>(static_cast<T>(mean));
    const double squares = max(0.0, sums.of_squares - sums.total * shift);
    stats[row] = rounded / by;
    stats[p.rows + row] = ((mean - rounded) + lost) / by;
    stats[2 * p.rows + row] = by / sqrt(squares / n + p.eps * by * by);
    *this = RowStats(p, stats, row);
  }
  RowStats(const Params& p, const double* stats, int64_t row) {
    const double whole = stats[2 * p.rows + row];
    const double by = whole < Large<T>::below ? Large<T>::scale : 1;
    scale = static_cast<T>(by);
    high = static_cast<T>(stats[row] * by);
    low = static_cast<T>(stats[p.rows + row] * by);
    scaled_inverse = static_cast<T>(whole / by);
    inverse = static_cast<T>(whole);
  }

  Vec<T> xhat(Vec<T> x) const {
    return normalized(x, splat(scale), splat(high), splat(low), splat(scaled_inverse));
  }
};

template <class T>
void normalize_rows(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  auto* stats = static_cast<double*>(operands[1]);
  const auto *weight = static_cast<const T*>(operands[3]),
             *bias = static_cast<const T*>(operands[4]);
  for (int64_t row = begin; row < end; ++row) {
    const T* x = static_cast<const T*>(operands[2]) + row * p.n;
    const RowStats<T> s(x, p, stats, row);
    const auto write = [&](auto finish) {
      write_run(static_cast<T*>(operands[0]) + row * p.n, p.n, p.past_cache,
                [&](int64_t i, int64_t count) FASTDL_INLINE_LAMBDA {
                  return finish(s.xhat(load_some(x + i, count)), i, count);
                });
    };
    if (weight && bias)
      write([&](Vec<T> y, int64_t i, int64_t count) FASTDL_INLINE_LAMBDA {
        return fma(y, load_some(weight + i, count), load_some(bias + i, count));
      });
    else if (weight)
      write([&](Vec<T> y, int64_t i, int64_t count)
                FASTDL_INLINE_LAMBDA { return y * load_some(weight + i, count); });
    else if (bias)
      write([&](Vec<T> y, int64_t i, int64_t count)
                FASTDL_INLINE_LAMBDA { return y + load_some(bias + i, count); });
    else
      write([](Vec<T> y, int64_t, int64_t) FASTDL_INLINE_LAMBDA { return y; });
  }
  if (p.past_cache)
    fence();
}

// sums[i ...] += v, in double.
FASTDL_INLINE void add_wide(double* sums, Vec<float> v, int64_t count) {
  constexpr int64_t D = lanes<double>;
  if (count == lanes<float>) {
    store(sums, load(sums) + widen_low(v));
    store(sums + D, load(sums + D) + widen_high(v));
    return;
  }
  const int64_t low = count < D ? count : D, high = count - low;
  store_partial(sums, load_partial(sums, low) + widen_low(v), low);
  store_partial(sums + low, load_partial(sums + low, high) + widen_high(v), high);
}
FASTDL_INLINE void add_wide(double* sums, Vec<double> v, int64_t count) {
  store_some(sums, load_some(sums, count) + v, count);
}

template <class T>
void backward_blocks(void* const* operands, const void* params, int64_t begin, int64_t end) {
  constexpr int64_t L = lanes<T>;
  const auto& p = *static_cast<const Params*>(params);
  T* dx = static_cast<T*>(operands[0]);
  const auto* stats = static_cast<const double*>(operands[4]);
  const T* weight = static_cast<const T*>(operands[5]);
  const auto n = static_cast<double>(p.n);
  for (int64_t block = begin; block < end; ++block) {
    double *of_g_xhat = nullptr, *of_g = nullptr;
    if (operands[1]) {
      of_g_xhat = static_cast<double*>(operands[1]) + 2 * block * p.n;
      of_g = of_g_xhat + p.n;
      for (int64_t i = 0; i < 2 * p.n; ++i)
        of_g_xhat[i] = 0;
    }
    const int64_t stop = (block + 1) * p.height;
    for (int64_t row = block * p.height; row < stop && row < p.rows; ++row) {
      const T* g = static_cast<const T*>(operands[2]) + row * p.n;
      const T* x = static_cast<const T*>(operands[3]) + row * p.n;
      const RowStats<T> s(p, stats, row);
      const auto weighted = [&](Vec<T> v, int64_t i, int64_t count) FASTDL_INLINE_LAMBDA {
        return weight ? v * load_some(weight + i, count) : v;
      };
      Sum<Vec<T>> of_h{}, of_h_xhat{};
      for (int64_t i = 0; i < p.n; i += L) {
        prefetch(g + i + kFetchAhead);
        prefetch(x + i + kFetchAhead);
        const int64_t count = p.n - i < L ? p.n - i : L;
        const Vec<T> v = load_some(g + i, count), xhat = s.xhat(load_some(x + i, count, s.high));
        if (of_g_xhat) {
          add_wide(of_g_xhat + i, v * xhat, count);
          add_wide(of_g + i, v, count);
        }
        if (dx) {
          const Vec<T> h = weighted(v, i, count);
          accumulate(of_h, h);
          accumulate_product(of_h_xhat, h, xhat);
        }
      }
      if (!dx)
        continue;
      const Vec<T> mean_h = splat(static_cast<T>(total(fold(of_h)) / n));
      const Vec<T> mean_h_xhat = splat(static_cast<T>(total(fold(of_h_xhat)) / n));
      write_run(dx + row * p.n, p.n, p.past_cache,
                [&](int64_t i, int64_t count) FASTDL_INLINE_LAMBDA {
                  const Vec<T> h = weighted(load_some(g + i, count), i, count);
                  return normalized_gradient(h, s.xhat(load_some(x + i, count)), mean_h,
                                             mean_h_xhat, splat(s.inverse));
                });
    }
  }
  if (p.past_cache)
    fence();
}

template <class T>
void sum_blocks(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const Params*>(params);
  const auto* partials = static_cast<const double*>(operands[2]);
  const int64_t blocks = (p.rows + p.height - 1) / p.height;
  for (int64_t unit = begin; unit < end; ++unit)
    for (int which = 0; which < 2; ++which) {
      alignas(64) double sums[kSumColumns] = {};
      const int64_t first = unit * kSumColumns;
      const int64_t count = p.n - first < kSumColumns ? p.n - first : kSumColumns;
      for (int64_t block = 0; block < blocks; ++block) {
        const double* part = partials + (2 * block + which) * p.n + first;
        for (int64_t i = 0; i < count; ++i)
          sums[i] += part[i];
      }
      T* out = static_cast<T*>(operands[which]) + first;
      for (int64_t i = 0; i < count; ++i)
        out[i] = static_cast<T>(sums[i]);
    }
}

template <class T> void register_kernels(KernelTable& table) {
  table.set(Op::layer_norm, dtype_of<T>, normalize_rows<T>);
  table.set(Op::layer_norm_backward, dtype_of<T>, backward_blocks<T>);
  table.set(Op::layer_norm_sums, dtype_of<T>, sum_blocks<T>);
}

} // namespace

void register_layernorm(KernelTable& table) {
  register_kernels<float>(table);
  register_kernels<double>(table);
}

} // namespace FASTDL_ISA
} // namespace fastdl
