// Walking the elements of strided operands, compiled per instruction set.
#pragma once
#include "core/kernel.h"
#include "core/simd.h"

namespace fastdl {
namespace FASTDL_ISA {

// Calls run(offsets, length) for every innermost run of elements in blocks [begin, end): offsets[k]
// is where operand k's run starts, its step is s.stride[k][s.ndim - 1].
template <int N, class Run>
static inline void for_runs(const Strided<N>& s, int64_t begin, int64_t end, Run run) {
  int64_t at = begin * kBlock;
  const int64_t stop = end * kBlock < s.numel ? end * kBlock : s.numel;
  if (at >= stop)
    return;
  const int inner = s.ndim - 1;
  int64_t offsets[N] = {}, index[kMaxDims], rest = at;
  for (int d = inner; d >= 0; --d) {
    index[d] = rest % s.shape[d];
    rest /= s.shape[d];
    for (int k = 0; k < N; ++k)
      offsets[k] += index[d] * s.stride[k][d];
  }
  for (;;) {
    int64_t length = s.shape[inner] - index[inner];
    if (length > stop - at)
      length = stop - at;
    run(static_cast<const int64_t*>(offsets), length);
    at += length;
    if (at == stop)
      return;
    // The run ended with its dimension: on to the next one, dividing no more.
    for (int k = 0; k < N; ++k)
      offsets[k] -= index[inner] * s.stride[k][inner];
    index[inner] = 0;
    for (int d = inner - 1; d >= 0; --d) {
      for (int k = 0; k < N; ++k)
        offsets[k] += s.stride[k][d];
      if (++index[d] < s.shape[d])
        break;
      for (int k = 0; k < N; ++k)
        offsets[k] -= s.shape[d] * s.stride[k][d];
      index[d] = 0;
    }
  }
}

// Results on their way past the caches are computed in pieces of this many elements.
constexpr int64_t kPiece = 64;

// Room for a short row, repeated.
constexpr int64_t kRowRoom = 512;

// Asks for what kPiece elements of an input need, some pieces ahead.
template <class T> FASTDL_INLINE void prefetch_piece(const T* p) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t i = 0; i < kPiece; i += kLine)
    prefetch(p + 32 * kLine + i);
}

// compute(to, i, n) puts elements [i, i + n) of a run to `to`: where they belong, or with
// `past_cache` mostly into a buffer, from which they are stored past the caches; whoever asks for
// that calls fence() once after the last run.
template <class Out, class Compute>
static inline void write_pieces(Out* out, int64_t n, bool past_cache, Compute compute) {
  constexpr int64_t kAligns = 256; // a longer run is written in aligned vectors
  const auto misplaced = static_cast<int64_t>(reinterpret_cast<uint64_t>(out) % 64);
  int64_t i = 0;
  if (misplaced && (past_cache || n >= kAligns)) {
    i = (64 - misplaced) / int64_t(sizeof(Out));
    i = i < n ? i : n;
    compute(out, int64_t(0), i);
  }
  if (past_cache) {
    alignas(64) Out piece[kPiece];
    for (; i + kPiece <= n; i += kPiece) {
      compute(static_cast<Out*>(piece), i, kPiece);
      constexpr int64_t kWord = sizeof(Vec<int32_t>) / sizeof(Out);
      for (int64_t j = 0; j < kPiece; j += kWord)
        stream(reinterpret_cast<int32_t*>(out + i + j),
               load(reinterpret_cast<const int32_t*>(piece + j)));
    }
  }
  compute(out + i, i, n - i);
}

// Operands lie apart or at the same place: the compiler need not look whether they overlap.
#define FASTDL_SAME_PLACE _Pragma("GCC ivdep")

// out[i] = f(in[i]) over a strided geometry, one element at a time; what the compiler vectorises
// has the same bits as the scalar tail, since f is a single exact operation.
template <class Out, class In, class F>
static inline void map(void* const* operands, const Strided<2>& s, int64_t begin, int64_t end, F f,
                       bool past_cache = false) {
  const int64_t so = s.stride[0][s.ndim - 1], si = s.stride[1][s.ndim - 1];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t run) {
    Out* out = static_cast<Out*>(operands[0]) + offset[0];
    const In* in = static_cast<const In*>(operands[1]) + offset[1];
    if (so == 1 && si == 1) {
      write_pieces(out, run, past_cache, [&](Out* to, int64_t at, int64_t n) {
        const In* from = in + at;
        if (past_cache)
          prefetch_piece(from);
        FASTDL_SAME_PLACE
        for (int64_t i = 0; i < n; ++i)
          to[i] = f(from[i]);
      });
    } else if (so == 1 && si == 0) {
      const Out value = f(*in);
      write_pieces(out, run, past_cache, [&](Out* to, int64_t, int64_t n) {
        FASTDL_SAME_PLACE
        for (int64_t i = 0; i < n; ++i)
          to[i] = value;
      });
    } else {
      FASTDL_SAME_PLACE
      for (int64_t i = 0; i < run; ++i)
        out[i * so] = f(in[i * si]);
    }
  });
  if (past_cache)
    fence();
}

// Whether operand k is the same row for every row of a narrow matrix that the others fill: then
// runs would be short.
static inline bool is_narrow_row(const Strided<3>& s, int k) {
  const int other = 3 - k;
  const int64_t columns = s.shape[1];
  return s.ndim == 2 && columns <= kRowRoom / 2 && s.stride[k][0] == 0 && s.stride[k][1] == 1 &&
         s.stride[0][0] == columns && s.stride[0][1] == 1 && s.stride[other][0] == columns &&
         s.stride[other][1] == 1;
}

// out[i] = f(x[i], row[i % columns]), the row written out several times to make runs long.
template <class Out, class In, class F>
static inline void map_rows(Out* out, const In* x, const In* row, const Strided<3>& s,
                            int64_t begin, int64_t end, bool past_cache, F f) {
  const int64_t columns = s.shape[1], room = kRowRoom / columns * columns;
  const int64_t stop = end * kBlock < s.numel ? end * kBlock : s.numel;
  In rows[kRowRoom];
  for (int64_t i = 0; i < room; ++i)
    rows[i] = i < columns ? row[i] : rows[i - columns];
  int64_t first = begin * kBlock % columns;
  for (int64_t at = begin * kBlock; at < stop; first = 0) {
    const int64_t run = room - first < stop - at ? room - first : stop - at;
    const In *a = x + at, *b = rows + first;
    write_pieces(out + at, run, past_cache, [&](Out* to, int64_t from, int64_t n) {
      if (past_cache)
        prefetch_piece(a + from);
      FASTDL_SAME_PLACE
      for (int64_t i = 0; i < n; ++i)
        to[i] = f(a[from + i], b[from + i]);
    });
    at += run;
  }
  if (past_cache)
    fence();
}

// out[i] = f(a[i], b[i]).
template <class Out, class In, class F>
static inline void map(void* const* operands, const Strided<3>& s, int64_t begin, int64_t end, F f,
                       bool past_cache = false) {
  auto* all_out = static_cast<Out*>(operands[0]);
  const auto *all_a = static_cast<const In*>(operands[1]),
             *all_b = static_cast<const In*>(operands[2]);
  if (is_narrow_row(s, 2))
    return map_rows(all_out, all_a, all_b, s, begin, end, past_cache, f);
  if (is_narrow_row(s, 1))
    return map_rows(all_out, all_b, all_a, s, begin, end, past_cache,
                    [&](In y, In x) { return f(x, y); });
  const int last = s.ndim - 1;
  const int64_t so = s.stride[0][last], sa = s.stride[1][last], sb = s.stride[2][last];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t run) {
    Out* out = all_out + offset[0];
    const In *a = all_a + offset[1], *b = all_b + offset[2];
    if (so == 1 && sa == 1 && sb == 1) {
      write_pieces(out, run, past_cache, [&](Out* to, int64_t at, int64_t n) {
        const In *x = a + at, *y = b + at;
        if (past_cache) {
          prefetch_piece(x);
          prefetch_piece(y);
        }
        FASTDL_SAME_PLACE
        for (int64_t i = 0; i < n; ++i)
          to[i] = f(x[i], y[i]);
      });
    } else if (so == 1 && sa == 1 && sb == 0) {
      const In y = *b;
      write_pieces(out, run, past_cache, [&](Out* to, int64_t at, int64_t n) {
        const In* x = a + at;
        if (past_cache)
          prefetch_piece(x);
        FASTDL_SAME_PLACE
        for (int64_t i = 0; i < n; ++i)
          to[i] = f(x[i], y);
      });
    } else if (so == 1 && sa == 0 && sb == 1) {
      const In x = *a;
      write_pieces(out, run, past_cache, [&](Out* to, int64_t at, int64_t n) {
        const In* y = b + at;
        if (past_cache)
          prefetch_piece(y);
        FASTDL_SAME_PLACE
        for (int64_t i = 0; i < n; ++i)
          to[i] = f(x, y[i]);
      });
    } else {
      FASTDL_SAME_PLACE
      for (int64_t i = 0; i < run; ++i)
        out[i * so] = f(a[i * sa], b[i * sb]);
    }
  });
  if (past_cache)
    fence();
}

// The same in little code: for functions that are rare, or slow by themselves.
template <class Out, class In, class F>
static inline void map_plainly(void* const* operands, const Strided<2>& s, int64_t begin,
                               int64_t end, F f) {
  const int64_t so = s.stride[0][s.ndim - 1], si = s.stride[1][s.ndim - 1];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t run) {
    Out* out = static_cast<Out*>(operands[0]) + offset[0];
    const In* in = static_cast<const In*>(operands[1]) + offset[1];
    FASTDL_SAME_PLACE
    for (int64_t i = 0; i < run; ++i)
      out[i * so] = f(in[i * si]);
  });
}
template <class Out, class In, class F>
static inline void map_plainly(void* const* operands, const Strided<3>& s, int64_t begin,
                               int64_t end, F f) {
  const int last = s.ndim - 1;
  const int64_t so = s.stride[0][last], sa = s.stride[1][last], sb = s.stride[2][last];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t run) {
    Out* out = static_cast<Out*>(operands[0]) + offset[0];
    const In *a = static_cast<const In*>(operands[1]) + offset[1],
             *b = static_cast<const In*>(operands[2]) + offset[2];
    FASTDL_SAME_PLACE
    for (int64_t i = 0; i < run; ++i)
      out[i * so] = f(a[i * sa], b[i * sb]);
  });
}

} // namespace FASTDL_ISA
} // namespace fastdl
