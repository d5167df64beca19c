// Writing a run of results, through the caches or past them.
#pragma once
#include "core/simd.h"

namespace fastdl {
namespace FASTDL_ISA {

// Stores value(i, count) at out + i for consecutive pieces [i, i + count) of [0, n); count is
// lanes<T>, or less at either end, and value's other lanes are ignored.  With `past_cache` whole
// vectors are stored past the caches (aligned: so the first piece may be short); whoever asked for
// it calls fence() once after its last run.
template <class T, class Value>
FASTDL_INLINE void write_run(T* out, int64_t n, bool past_cache, Value value) {
  constexpr int64_t L = lanes<T>;
  int64_t i = 0;
  if (past_cache) {
    const auto misplaced = static_cast<int64_t>(reinterpret_cast<uint64_t>(out) / sizeof(T) % L);
    if (misplaced) {
      i = L - misplaced < n ? L - misplaced : n;
      store_partial(out, value(0, i), i);
    }
    for (; i + L <= n; i += L)
      stream(out + i, value(i, L));
  } else {
    for (; i + L <= n; i += L)
      store(out + i, value(i, L));
  }
  if (i < n)
    store_partial(out + i, value(i, n - i), n - i);
}

} // namespace FASTDL_ISA
} // namespace fastdl
