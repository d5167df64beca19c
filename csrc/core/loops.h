// Walking the elements of strided operands, compiled per instruction set.
#pragma once
#include "core/kernel.h"

namespace fastdl {
namespace FASTDL_ISA {

// Calls run(offsets, length) for every innermost run of elements in blocks [begin, end): offsets[k]
// is where operand k's run starts, its step is s.stride[k][s.ndim - 1].
template <int N, class Run>
static inline void for_runs(const Strided<N>& s, int64_t begin, int64_t end, Run run) {
  int64_t at = begin * kBlock;
  const int64_t stop = end * kBlock < s.numel ? end * kBlock : s.numel;
  const int inner = s.ndim - 1;
  while (at < stop) {
    int64_t offsets[N] = {}, rest = at, first = 0;
    for (int d = inner; d >= 0; --d) {
      const int64_t i = rest % s.shape[d];
      rest /= s.shape[d];
      if (d == inner)
        first = i;
      for (int k = 0; k < N; ++k)
        offsets[k] += i * s.stride[k][d];
    }
    int64_t length = s.shape[inner] - first;
    if (length > stop - at)
      length = stop - at;
    run(offsets, length);
    at += length;
  }
}

// out[i] = f(in[i]) over a strided geometry, one element at a time; what the compiler vectorises
// has the same bits as the scalar tail, since f is a single exact operation.
template <class Out, class In, class F>
static inline void map(void* const* operands, const Strided<2>& s, int64_t begin, int64_t end,
                       F f) {
  const int64_t so = s.stride[0][s.ndim - 1], si = s.stride[1][s.ndim - 1];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t n) {
    Out* out = static_cast<Out*>(operands[0]) + offset[0];
    const In* in = static_cast<const In*>(operands[1]) + offset[1];
    if (so == 1 && si == 1) {
      for (int64_t i = 0; i < n; ++i)
        out[i] = f(in[i]);
    } else if (so == 1 && si == 0) {
      const Out value = f(*in);
      for (int64_t i = 0; i < n; ++i)
        out[i] = value;
    } else {
      for (int64_t i = 0; i < n; ++i)
        out[i * so] = f(in[i * si]);
    }
  });
}

// out[i] = f(a[i], b[i]).
template <class Out, class In, class F>
static inline void map(void* const* operands, const Strided<3>& s, int64_t begin, int64_t end,
                       F f) {
  const int last = s.ndim - 1;
  const int64_t so = s.stride[0][last], sa = s.stride[1][last], sb = s.stride[2][last];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t n) {
    Out* out = static_cast<Out*>(operands[0]) + offset[0];
    const In* a = static_cast<const In*>(operands[1]) + offset[1];
    const In* b = static_cast<const In*>(operands[2]) + offset[2];
    if (so == 1 && sa == 1 && sb == 1) {
      for (int64_t i = 0; i < n; ++i)
        out[i] = f(a[i], b[i]);
    } else if (so == 1 && sa == 1 && sb == 0) {
      const In y = *b;
      for (int64_t i = 0; i < n; ++i)
        out[i] = f(a[i], y);
    } else if (so == 1 && sa == 0 && sb == 1) {
      const In x = *a;
      for (int64_t i = 0; i < n; ++i)
        out[i] = f(x, b[i]);
    } else {
      for (int64_t i = 0; i < n; ++i)
        out[i * so] = f(a[i * sa], b[i * sb]);
    }
  });
}

} // namespace FASTDL_ISA
} // namespace fastdl
