#include "ops/matmul.h"

#include "core/simd.h"
#include "ops/unary_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// ---- small products: blocks of the result that stay in registers --------------------------

constexpr int kRows = FASTDL_VECTOR_BYTES == 64 ? 8 : 4, kColumns = 2; // rows, and vectors across
// So many rows of b are transposed at a time: they stay in the first cache.
constexpr int64_t kDepth = 128;
// A row-major b is read where it lies, so many rows of it at a time: more would not stay in the
// second cache if they are 4 KB apart.  With few registers each row is read twice as often: it is
// copied, too, where so many rows of a use it.
constexpr int64_t kDepthInPlace = 512, kCopied = FASTDL_VECTOR_BYTES == 64 ? INT64_MAX : 32;

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
FASTDL_INLINE void multiply_rows(Reads<T> in, const T* from, int64_t from_ld, T* out,
                                 int64_t ld_out, int64_t m, int64_t n, Finish finish) {
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

// rows of n elements, `width` apart, as the columns of out.
template <class T>
void store_turned(const T* rows, int64_t width, int64_t n, int64_t columns, T* out, int64_t ld_out,
                  Finish finish) {
  constexpr int64_t L = lanes<T>;
  for (int64_t i = 0; i < n; i += L)
    for (int64_t j = 0; j < columns; j += L) {
      const int64_t there = min<int64_t>(columns - j, L);
      Vec<T> v[L];
      for (int64_t r = 0; r < L; ++r)
        v[r] = r < there ? load(rows + (j + r) * width + i) : Vec<T>{};
      transpose_lanes<T>(v);
      for (int64_t r = 0; r < min<int64_t>(n - i, L); ++r) {
        T* to = out + (i + r) * ld_out + j;
        store_some(to, finished(v[r], finish, to, there), there);
      }
    }
}

// Sums that cannot stand in out yet are kept elsewhere, so many rows of them.
constexpr int64_t kKept = 256;

// In panels of b as wide as a block.  `kept`, if given, takes the sums until they are whole;
// `turned`: the tile is that of the transposed product, and out is written by columns.
template <class T>
void multiply_panels(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b, Finish finish, T* kept,
                     bool turned) {
  constexpr int64_t L = lanes<T>, width = kColumns * L;
  alignas(64) T panel[kDepth * width];
  const int64_t most = kept ? kKept : t.m;
  for (int64_t row = 0; row < t.m; row += most)
    for (int64_t column = 0; column < t.n; column += width) {
      const int64_t m = min(t.m - row, most), n = min<int64_t>(t.n - column, width);
      Reads<T> in{nullptr, a.transposed ? 1 : a.ld, a.transposed ? a.ld : 1, nullptr, b.ld, t.k};
      T* to = turned ? t.out + column * t.ld_out + row : t.out + row * t.ld_out + column;
      const T* from = t.bias && !turned ? t.bias + column : nullptr;
      int64_t from_ld = 0, done = 0;
      if (t.bias && turned) {
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < width; j += L)
            store(kept + i * width + j, splat(t.bias[row + i]));
        from = kept;
        from_ld = width;
      }
      do {
        if (b.transposed || m >= kCopied) {
          in.depth = min<int64_t>(t.k - done, kDepth);
          if (b.transposed)
            transpose_panel(t.b + column * b.ld + done, b.ld, in.depth, n, panel, width);
          else
            copy_panel(t.b + done * b.ld + column, b.ld, in.depth, n, panel, width);
          in.b = panel;
          in.ld = width;
        } else {
          in.depth = min<int64_t>(t.k - done, kDepthInPlace);
          in.b = t.b + done * b.ld + column;
        }
        in.a = t.a + row * in.row + done * in.step;
        done += in.depth;
        const bool last = done == t.k && !turned, into_kept = kept && !last;
        const Finish now = last ? finish : Finish{};
        T* out = into_kept ? kept : to;
        const int64_t ld_out = into_kept ? width : t.ld_out;
        if (n == width)
          multiply_rows<T, kRows, kColumns, true>(in, from, from_ld, out, ld_out, m, n, now);
        else if (n > L)
          multiply_rows<T, kRows, kColumns, false>(in, from, from_ld, out, ld_out, m, n - L, now);
        else if (n == L)
          multiply_rows<T, kRows, 1, true>(in, from, from_ld, out, ld_out, m, n, now);
        else
          multiply_rows<T, kRows, 1, false>(in, from, from_ld, out, ld_out, m, n, now);
        from = out; // what follows is added to what is there
        from_ld = ld_out;
      } while (done < t.k);
      if (turned)
        store_turned(kept, width, n, m, to, t.ld_out, finish);
    }
}

template <class T>
__attribute__((noinline)) void multiply_kept(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b,
                                             Finish finish, bool turned) {
  alignas(64) T kept[kKept * kColumns * lanes<T>];
  multiply_panels(t, a, b, finish, kept, turned);
}

// ---- products of rows with rows: both lie along k -----------------------------------------

// The sums of the lanes of N vectors, each in lanes / N lanes that lie together.
template <class T, int N, int half = lanes<T> / 2> FASTDL_INLINE Vec<T> sums_of_lanes(Vec<T>* v) {
  const auto other = (iota<typename IntOfSize<sizeof(T)>::Type>() & half) != 0;
  if constexpr (N == 1)
    v[0] += exchange_lanes(v[0], half);
#pragma GCC unroll 8
  for (int i = 0; i < N / 2; ++i) {
    const Vec<T> a = v[i], b = v[i + N / 2];
    v[i] = select(other, b, a) + exchange_lanes(select(other, a, b), half);
  }
  if constexpr (half > 1)
    return sums_of_lanes<T, N == 1 ? 1 : N / 2, half / 2>(v);
  else
    return v[0];
}

// R rows of a with C rows of b, a sum in each lane of a vector; m and n of them are there.
template <class T, int R, int C>
void dot_block(const T* a, int64_t lda, int64_t m, const T* b, int64_t ldb, int64_t n,
               int64_t depth, const T* bias, T* out, int64_t ld_out, Finish finish) {
  constexpr int L = lanes<T>;
  const T *x[R], *y[C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
    x[r] = a + min<int64_t>(r, m - 1) * lda;
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c)
    y[c] = b + min<int64_t>(c, n - 1) * ldb;
  Vec<T> sum[R * C] = {};
  const auto add = [&](int64_t k, int64_t there) FASTDL_INLINE_LAMBDA {
    Vec<T> left[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
      left[r] = load_some(x[r] + k, there);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const Vec<T> right = load_some(y[c] + k, there);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
        sum[r * C + c] = fma(left[r], right, sum[r * C + c]);
    }
  };
  int64_t k = 0;
  for (; k + L <= depth; k += L)
    add(k, L);
  if (k < depth)
    add(k, depth - k);
  alignas(64) T each[L];
  store(each, sums_of_lanes<T, R * C>(sum));
  for (int64_t r = 0; r < m; ++r)
    for (int64_t c = 0; c < n; ++c) {
      const T total = each[(r * C + c) * (L / (R * C))];
      T value = bias ? bias[c] + total : total;
      value = finish.relu ? relu(value) : value;
      T* to = out + r * ld_out + c;
      *to = finish.add ? *to + value : value;
    }
}

template <class T> constexpr int kColumnsAtOnce = lanes<T> < 4 ? lanes<T> : 4; // with one row

// R rows from `row` on, with all of b.
template <class T, int R>
void dot_rows(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b, int64_t row, Finish finish) {
  constexpr int C = R == 1 ? kColumnsAtOnce<T> : lanes<T> / R;
  for (int64_t j = 0; j < t.n; j += C)
    dot_block<T, R, C>(t.a + row * a.ld, a.ld, min<int64_t>(t.m - row, R), t.b + j * b.ld, b.ld,
                       min<int64_t>(t.n - j, C), t.k, t.bias ? t.bias + j : nullptr,
                       t.out + row * t.ld_out + j, t.ld_out, finish);
}

// ---- which way ----------------------------------------------------------------------------

template <class T>
void multiply_small(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b, Finish finish) {
  constexpr int64_t L = lanes<T>;
  // Vectors multiplied and added, and what takes as long as so many (docs/notes/matmul.md): a
  // vector of a transposed square, the sum of lanes.
  constexpr int64_t kTranspose = 9, kSum = 5;
  const int64_t m = t.m, n = t.n, k = t.k;
  const int64_t down = (m + L - 1) / L, across = (n + L - 1) / L;
  const int64_t plain = k * across * (m + (b.transposed ? kTranspose : 0));
  const int64_t packed = a.transposed ? 0 : (n + kKept - 1) / kKept;
  const int64_t turned = down * (k * (n + kTranspose * packed) + kTranspose * across * L);
  const int64_t dot = m * n * ((k + L - 1) / L + kSum);
  if (!a.transposed && b.transposed && dot < plain && dot < turned) {
    constexpr int tall = L / 2, square = L / 4 > 1 ? L / 4 : 1;
    int64_t row = 0;
    for (; m - row > square; row += tall)
      dot_rows<T, tall>(t, a, b, row, finish);
    if (m - row > 1)
      dot_rows<T, square>(t, a, b, row, finish);
    else if (m - row == 1)
      dot_rows<T, 1>(t, a, b, row, finish);
  } else if (turned < plain) {
    MatmulTile<T> other = t;
    other.m = t.n;
    other.n = t.m;
    other.a = t.b;
    other.b = t.a;
    multiply_kept(other, {!b.transposed, b.ld}, {!a.transposed, a.ld}, finish, true);
  } else if (finish.add && t.k > kDepth) {
    multiply_kept(t, a, b, finish, false);
  } else {
    multiply_panels(t, a, b, finish, static_cast<T*>(nullptr), false);
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

// The sum of x[k * step] y[k].
template <class T> T dot(const T* x, int64_t step, const T* y, int64_t depth) {
  constexpr int64_t L = lanes<T>;
  Vec<T> sum[4] = {};
  int64_t k = 0;
  if (step == 1)
    for (; k + 4 * L <= depth; k += 4 * L)
      for (int i = 0; i < 4; ++i)
        sum[i] = fma(load(x + k + i * L), load(y + k + i * L), sum[i]);
  for (; k < depth; k += L) {
    const int64_t there = min<int64_t>(depth - k, L);
    const Vec<T> left =
        step == 1 ? load_some(x + k, there) : load_strided(x + k * step, step, there);
    sum[0] = fma(left, load_some(y + k, there), sum[0]);
  }
  return sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// out[j] = sum over k of x[k * step] b[k, j] (+ bias[j]), for n columns.
template <class T>
void multiply_vector(const T* x, int64_t step, const T* b, MatrixLayout layout, int64_t n,
                     int64_t depth, const T* bias, T* out) {
  constexpr int64_t L = lanes<T>;
  if (layout.transposed) { // a column is one run
    int64_t j = 0;
    if (step == 1)
      for (constexpr int C = kColumnsAtOnce<T>; n - j > C / 2; j += C)
        dot_block<T, 1, C>(x, 0, 1, b + j * layout.ld, layout.ld, min<int64_t>(n - j, C), depth,
                           bias ? bias + j : nullptr, out + j, 0, Finish{});
    for (; j < n; ++j) {
      const T total = dot(x, step, b + j * layout.ld, depth);
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
