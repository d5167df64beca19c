// Walking the segments of a flat arena, compiled per instruction set.
#pragma once
#include "core/arena_layout.h"
#include "core/kernel.h"
#include "core/simd.h"

namespace fastdl {
namespace FASTDL_ISA {

// Calls update(i, first, last) for each stretch [first, last) of the arena that lies in blocks
// [begin, end) and in a segment i that has a gradient.
template <class Update>
static inline void for_segments(const Segment* segments, int64_t n, void* const* gradients,
                                int64_t begin, int64_t end, Update update) {
  const int64_t from = begin * kBlock, to = end * kBlock;
  int64_t i = 0, beyond = n; // the first segment that ends after `from`
  while (i < beyond) {
    const int64_t middle = (i + beyond) / 2;
    if (segments[middle].begin + segments[middle].length <= from)
      i = middle + 1;
    else
      beyond = middle;
  }
  for (; i < n && segments[i].begin < to; ++i) {
    const int64_t stop = segments[i].begin + segments[i].length;
    if (gradients[i] && stop > from)
      update(i, segments[i].begin > from ? segments[i].begin : from, stop < to ? stop : to);
  }
}

// Calls update(at, read, write) for whole vectors of [0, n), then for a partly filled one:
// read(p) gives the vector at p + at, write(p, v) puts it back.
template <class T, class Update> static inline void for_vectors(int64_t n, Update update) {
  constexpr int64_t L = lanes<T>;
  int64_t i = 0;
  for (; i + L <= n; i += L)
    update([=](const T* p) { return load(p + i); }, [=](T* p, Vec<T> v) { store(p + i, v); });
  if (i < n)
    update([=](const T* p) { return load_partial(p + i, n - i); },
           [=](T* p, Vec<T> v) { store_partial(p + i, v, n - i); });
}

} // namespace FASTDL_ISA
} // namespace fastdl
