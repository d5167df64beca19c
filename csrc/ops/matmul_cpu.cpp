#include "ops/matmul.h"

#include "core/simd.h"
#include "ops/unary_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// ---- small products: blocks of the result that stay in registers --------------------------

constexpr int kRows = FASTDL_VECTOR_BYTES == 64 ? 8 : 4, kColumns = 2; // rows, and vectors across
// So many rows of b are copied at a time: they stay in the first cache.  A row-major b is copied
// where so many rows of a use it.
constexpr int64_t kDepth = 128, kCopied = 8 * kRows;

// How a small product reads: element (i, k) of a is a[i * row + k * step]; row k of b begins at
// b + k * ld.
template <class T> struct Reads {
  const T* a;
  int64_t row, step;
  const T* b;
  int64_t ld, depth;
};

// What becomes of sums: they are stored, or finished first.
struct Finish {
  bool relu, add;
};

template <class T>
FASTDL_INLINE Vec<T> finished(Vec<T> sum, Finish finish, const T* out, int64_t n) {
  sum = finish.relu ? relu(sum) : sum;
  return finish.add ? load_some(out, n) + sum : sum;
}

// R rows of C vectors, of the last of which n elements are there; `whole`: all of them.  The sums
// start as `from`, whose rows lie from_ld apart (0: the bias), or as 0.
template <class T, int R, int C, bool whole>
void multiply_block(const Reads<T>& in, const T* from, int64_t from_ld, T* out, int64_t ld_out,
                    int64_t n, Finish finish) {
  constexpr int L = lanes<T>;
  const int64_t last = whole ? L : n;
  Vec<T> sum[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c)
      sum[r][c] = from ? load_some(from + r * from_ld + c * L, c == C - 1 ? last : L) : Vec<T>{};
  const T *a = in.a, *b = in.b;
  for (int64_t k = 0; k < in.depth; ++k, a += in.step, b += in.ld) {
    Vec<T> right[C];
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c)
      right[c] = whole || c < C - 1 ? load(b + c * L) : load_partial(b + c * L, last);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec<T> left = splat(a[r * in.row]);
#pragma GCC unroll 2
      for (int c = 0; c < C; ++c)
        sum[r][c] = fma(left, right[c], sum[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      T* to = out + r * ld_out + c * L;
      const int64_t there = c == C - 1 ? last : L;
      store_some(to, finished(sum[r][c], finish, to, there), there);
    }
}

// All m rows, R at a time, then the rest in halves.
template <class T, int R, int C, bool whole>
void multiply_rows(Reads<T> in, const T* from, int64_t from_ld, T* out, int64_t ld_out, int64_t m,
                   int64_t n, Finish finish) {
  for (; m >= R; m -= R, in.a += R * in.row, out += R * ld_out) {
    multiply_block<T, R, C, whole>(in, from, from_ld, out, ld_out, n, finish);
    from = from ? from + R * from_ld : from;
  }
  if constexpr (R > 1)
    if (m)
      multiply_rows<T, R / 2, C, whole>(in, from, from_ld, out, ld_out, m, n, finish);
}

// Rows [0, n) of a column-major matrix, `depth` elements of each, to row-major with rows of `width`
// elements, zeros beyond n.
template <class T>
void transpose_panel(const T* b, int64_t ld, int64_t depth, int64_t n, T* panel, int64_t width) {
  constexpr int L = lanes<T>;
  for (int64_t j = 0; j < n; j += L)
    for (int64_t k = 0; k < depth; k += L) {
      const int64_t there = min<int64_t>(depth - k, L);
      Vec<T> v[L];
      for (int i = 0; i < L; ++i)
        v[i] = j + i < n ? load_some(b + (j + i) * ld + k, there) : Vec<T>{};
      transpose_lanes<T>(v);
      for (int64_t i = 0; i < there; ++i)
        store(panel + (k + i) * width + j, v[i]);
    }
}

// The same of a row-major matrix.
template <class T>
void copy_panel(const T* b, int64_t ld, int64_t depth, int64_t n, T* panel, int64_t width) {
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t j = 0; j < width; j += lanes<T>)
      store(panel + k * width + j,
            j < n ? load_some(b + k * ld + j, min<int64_t>(n - j, lanes<T>)) : Vec<T>{});
}

// With `add`, the sums over parts of k are kept here, so many rows of them.
constexpr int64_t kKept = 64;

template <class T>
void multiply_small(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b, Finish finish) {
  constexpr int64_t L = lanes<T>, width = kColumns * L;
  alignas(64) T panel[kDepth * width], kept[kKept * width];
  if (finish.add && t.k > kDepth && t.m > kKept) {
    for (int64_t row = 0; row < t.m; row += kKept) {
      MatmulTile<T> part = t;
      part.m = static_cast<int32_t>(min<int64_t>(t.m - row, kKept));
      part.a += row * (a.transposed ? 1 : a.ld);
      part.out += row * t.ld_out;
      multiply_small(part, a, b, finish);
    }
    return;
  }
  Reads<T> in{t.a, a.transposed ? 1 : a.ld, a.transposed ? a.ld : 1, nullptr, b.ld, t.k};
  for (int64_t column = 0; column < t.n; column += width) {
    const int64_t n = min<int64_t>(t.n - column, width);
    const T* from = t.bias ? t.bias + column : nullptr;
    int64_t from_ld = 0, done = 0;
    do {
      if (b.transposed || t.m >= kCopied) {
        in.depth = min<int64_t>(t.k - done, kDepth);
        if (b.transposed)
          transpose_panel(t.b + column * b.ld + done, b.ld, in.depth, n, panel, width);
        else
          copy_panel(t.b + done * b.ld + column, b.ld, in.depth, n, panel, width);
        in.b = panel;
        in.ld = width;
      } else {
        in.b = t.b + column;
      }
      in.a = t.a + done * in.step;
      done += in.depth;
      const bool last = done == t.k, keep = finish.add && !last;
      const Finish now = last ? finish : Finish{};
      T* out = keep ? kept : t.out + column;
      const int64_t ld_out = keep ? width : t.ld_out;
      if (n == width)
        multiply_rows<T, kRows, kColumns, true>(in, from, from_ld, out, ld_out, t.m, n, now);
      else if (n > L)
        multiply_rows<T, kRows, kColumns, false>(in, from, from_ld, out, ld_out, t.m, n - L, now);
      else if (n == L)
        multiply_rows<T, kRows, 1, true>(in, from, from_ld, out, ld_out, t.m, n, now);
      else
        multiply_rows<T, kRows, 1, false>(in, from, from_ld, out, ld_out, t.m, n, now);
      from = out; // what follows is added to what is there
      from_ld = ld_out;
    } while (done < t.k);
  }
}

// out[j] from sums[j], which may be the same memory.
template <class T> void finish_run(const T* sums, int64_t n, Finish finish, T* out) {
  for (int64_t j = 0; j < n; j += lanes<T>) {
    const int64_t there = min<int64_t>(n - j, lanes<T>);
    store_some(out + j, finished(load_some(sums + j, there), finish, out + j, there), there);
  }
}

// ---- few rows times a matrix beyond the caches ---------------------------------------------

// So many rows of b are in registers at a time, kColumns vectors of each, while all rows of a use
// them: b is read once, along its rows.  The sums stay in the first cache until the end; in the
// result, two threads would write to the same line where their tiles meet.
constexpr int kHeld = FASTDL_VECTOR_BYTES == 64 ? 8 : 4;

// sums[r, j] += the sum of a[r, k] b[k, j] over K rows of b, in their order, for kColumns vectors
// of columns, of which n columns are there.  The next K rows of b are asked for.
template <class T, int K> void add_held_rows(const Reads<T>& in, T* sums, int64_t m, int64_t n) {
  constexpr int64_t L = lanes<T>;
  Vec<T> right[K][kColumns];
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k)
#pragma GCC unroll 2
    for (int c = 0; c < kColumns; ++c) {
      const T* at = in.b + k * in.ld + c * L;
      const int64_t left = n - c * L;
      right[k][c] = left >= L ? load(at) : load_partial(at, left > 0 ? left : 0);
      prefetch_for_later(at + K * in.ld);
    }
  for (int64_t r = 0; r < m; ++r, sums += kFlatColumns) {
    const T* a = in.a + r * in.row;
#pragma GCC unroll 2
    for (int c = 0; c < kColumns; ++c) {
      Vec<T> sum = load(sums + c * L);
#pragma GCC unroll 8
      for (int k = 0; k < K; ++k)
        sum = fma(splat(a[k * in.step]), right[k][c], sum);
      store(sums + c * L, sum);
    }
  }
}

template <class T>
void multiply_flat(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b, Finish finish) {
  constexpr int64_t width = kColumns * lanes<T>;
  static_assert(kFlatColumns % width == 0);
  alignas(64) T sums[kFlatRows * kFlatColumns];
  for (int64_t r = 0; r < t.m; ++r)
    for (int64_t j = 0; j < kFlatColumns; ++j)
      sums[r * kFlatColumns + j] = t.bias && j < t.n ? t.bias[j] : 0;
  Reads<T> in{t.a, a.transposed ? 1 : a.ld, a.transposed ? a.ld : 1, nullptr, b.ld, 0};
  for (int64_t k = 0; k < t.k; k += in.depth) {
    in.a = t.a + k * in.step;
    in.depth = t.k - k >= kHeld ? kHeld : 1;
    for (int64_t j = 0; j < t.n; j += width) {
      in.b = t.b + k * b.ld + j;
      if (in.depth == kHeld)
        add_held_rows<T, kHeld>(in, sums + j, t.m, t.n - j);
      else
        add_held_rows<T, 1>(in, sums + j, t.m, t.n - j);
    }
  }
  for (int64_t r = 0; r < t.m; ++r)
    finish_run(sums + r * kFlatColumns, t.n, finish, t.out + r * t.ld_out);
}

// ---- one row, or one column ---------------------------------------------------------------

constexpr int kTogether = 8; // rows of b, so that out is read and written once for all of them

// out[j] += the sum of x[k * step] b[k, j] over the K rows of b, in their order.
template <class T, int K>
void add_rows(const T* x, int64_t step, const T* b, int64_t ld, int64_t n, T* out) {
  constexpr int64_t L = lanes<T>;
  Vec<T> left[K];
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k)
    left[k] = splat(x[k * step]);
  for (int64_t j = 0; j < n; j += L) {
    const int64_t there = min<int64_t>(n - j, L);
    Vec<T> sum = load_some(out + j, there);
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k)
      sum = fma(left[k], load_some(b + k * ld + j, there), sum);
    store_some(out + j, sum, there);
  }
}

// out[j] = sum over k of x[k * step] b[k, j] (+ bias[j]), for n columns.
template <class T>
void multiply_vector(const T* x, int64_t step, const T* b, MatrixLayout layout, int64_t n,
                     int64_t depth, const T* bias, T* out) {
  constexpr int64_t L = lanes<T>;
  if (layout.transposed) { // a column is one run
    for (int64_t j = 0; j < n; ++j) {
      const T* column = b + j * layout.ld;
      Vec<T> sum[4] = {};
      int64_t k = 0;
      if (step == 1)
        for (; k + 4 * L <= depth; k += 4 * L)
          for (int i = 0; i < 4; ++i)
            sum[i] = fma(load(x + k + i * L), load(column + k + i * L), sum[i]);
      for (; k < depth; k += L) {
        const int64_t there = min<int64_t>(depth - k, L);
        const Vec<T> left =
            step == 1 ? load_some(x + k, there) : load_strided(x + k * step, step, there);
        sum[0] = fma(left, load_some(column + k, there), sum[0]);
      }
      const T total = sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
      out[j] = bias ? bias[j] + total : total;
    }
    return;
  }
  for (int64_t j = 0; j < n; j += L) {
    const int64_t there = min<int64_t>(n - j, L);
    store_some(out + j, bias ? load_some(bias + j, there) : Vec<T>{}, there);
  }
  for (int64_t k = 0; k < depth; k += kTogether) {
    if (depth - k >= kTogether)
      add_rows<T, kTogether>(x + k * step, step, b + k * layout.ld, layout.ld, n, out);
    else
      for (; k < depth; ++k)
        add_rows<T, 1>(x + k * step, step, b + k * layout.ld, layout.ld, n, out);
  }
}

template <class T>
void multiply_one_row_or_column(const MatmulTile<T>& t, const MatmulParams& p, T* out) {
  if (p.m == 1)
    multiply_vector(t.a, p.a.transposed ? p.a.ld : 1, t.b, p.b, t.n, t.k, t.bias, out);
  else { // one column: a's rows are the columns of its transpose
    const MatrixLayout turned{!p.a.transposed, p.a.ld};
    multiply_vector(t.b, p.b.transposed ? 1 : p.b.ld, t.a, turned, t.m, t.k,
                    static_cast<const T*>(nullptr), out);
    if (t.bias)
      for (int64_t i = 0; i < t.m; ++i)
        out[i] += *t.bias;
  }
}

template <class T>
void multiply(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const MatmulParams*>(params);
  const Finish finish{p.relu, p.add};
  for_matmul_tiles<T>(operands, p, begin, end, [&](const MatmulTile<T>& t) {
    if (p.path == MatmulParams::small) {
      multiply_small(t, p.a, p.b, finish);
    } else if (p.path == MatmulParams::flat) {
      multiply_flat(t, p.a, p.b, finish);
    } else if (p.path == MatmulParams::tiles) {
      multiply_by_blas(t, p.a, p.b);
      if (finish.relu)
        for (int64_t i = 0; i < t.m; ++i)
          finish_run(t.out + i * t.ld_out, t.n, finish, t.out + i * t.ld_out);
    } else {
      alignas(64) T sums[kVectorTile];
      T* to = finish.add ? sums : t.out;
      multiply_one_row_or_column(t, p, to);
      if (finish.relu || finish.add)
        finish_run(to, int64_t(t.m) * t.n, finish, t.out);
    }
  });
}

} // namespace

void register_matmul(KernelTable& table) {
  constexpr Op ops[] = {Op::matmul, Op::linear};
  for (const Op op : ops) {
    table.set(op, DType::float32, multiply<float>);
    table.set(op, DType::float64, multiply<double>);
  }
}

} // namespace FASTDL_ISA
} // namespace fastdl
