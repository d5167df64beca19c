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
  const auto put = [&](T* p, Vec<T> v) FASTDL_INLINE_LAMBDA {
    if (past_cache)
      stream(p, v);
    else
      store(p, v);
  };
  int64_t i = 0;
  if (past_cache) {
    const auto misplaced = static_cast<int64_t>(reinterpret_cast<uint64_t>(out) / sizeof(T) % L);
    if (misplaced) {
      i = L - misplaced < n ? L - misplaced : n;
      store_partial(out, value(0, i), i);
    }
  }
  for (; i + 2 * L <= n; i += 2 * L) { // two at a time, so that they overlap
    const Vec<T> a = value(i, L), b = value(i + L, L);
    put(out + i, a);
    put(out + i + L, b);
  }
  for (; i < n; i += L) {
    const int64_t count = n - i < L ? n - i : L;
    store_some(out + i, value(i, count), count);
  }
}

// A run of results that goes past the caches a vector at a time, between other work: memory is
// busy while that is computed.  value as in write_run.
template <class T, class Value> struct SpreadRun {
  T* out = nullptr;
  int64_t n = 0, at = 0;
  Value value{};

  void begin(T* out_, int64_t n_, const Value& value_) {
    constexpr int64_t L = lanes<T>;
    out = out_, n = n_, at = 0, value = value_;
    const auto misplaced = static_cast<int64_t>(reinterpret_cast<uint64_t>(out) / sizeof(T) % L);
    if (misplaced) {
      at = L - misplaced < n ? L - misplaced : n;
      store_partial(out, value(0, at), at);
    }
  }
  __attribute__((always_inline)) bool step() {
    if (at + lanes<T> > n)
      return false;
    stream(out + at, value(at, lanes<T>));
    at += lanes<T>;
    return true;
  }
  void finish() {
    while (step())
      ;
    if (at < n)
      store_partial(out + at, value(at, n - at), n - at);
    at = n;
  }
};

} // namespace FASTDL_ISA
} // namespace fastdl
