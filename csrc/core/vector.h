// Vectors of 16, 32 or 64 bytes (baseline, AVX2, AVX-512) on GCC's vector extensions, and how they
// come from memory and go there.  What is computed with them: core/simd.h.
#pragma once

#include "core/scalar.h"

#if defined(__x86_64__)
#pragma GCC diagnostic push // GCC 12 warns about its own _mm512_undefined_ps
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#if !(defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__FMA__))
#error "the avx512 kernels need -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma"
#endif
#define FASTDL_VECTOR_BYTES 64
#elif defined(__AVX2__)
#ifndef __FMA__
#error "the avx2 kernels need -mavx2 -mfma"
#endif
#define FASTDL_VECTOR_BYTES 32
#else
#define FASTDL_VECTOR_BYTES 16
#endif

namespace fastdl {
namespace FASTDL_ISA {

template <class T, int bytes> struct VectorOf {
  typedef T Type __attribute__((vector_size(bytes)));
  typedef T Unaligned __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));
};
template <class T> using Vec = typename VectorOf<T, FASTDL_VECTOR_BYTES>::Type;
template <class T> constexpr int lanes = FASTDL_VECTOR_BYTES / sizeof(T);

template <> struct Traits<Vec<float>> {
  using Scalar = float;
  using Int = Vec<int32_t>;
  using Uint = Vec<uint32_t>;
  using Mask = Vec<int32_t>;
};
template <> struct Traits<Vec<double>> {
  using Scalar = double;
  using Int = Vec<int64_t>;
  using Uint = Vec<uint64_t>;
  using Mask = Vec<int64_t>;
};

template <> struct Traits<Vec<int32_t>> {
  using Scalar = int32_t;
  using Int = Vec<int32_t>;
  using Uint = Vec<uint32_t>;
  using Mask = Vec<int32_t>;
};
template <> struct Traits<Vec<int64_t>> {
  using Scalar = int64_t;
  using Int = Vec<int64_t>;
  using Uint = Vec<uint64_t>;
  using Mask = Vec<int64_t>;
};

template <class T> FASTDL_INLINE Vec<T> splat(T x) { return x - Vec<T>{}; }

// 0, 1, 2, ... in the lanes.
template <class T> FASTDL_INLINE Vec<T> iota() {
  Vec<T> v{};
  for (int i = 0; i < lanes<T>; ++i)
    v[i] = T(i);
  return v;
}

// ---- memory: no alignment is asked for, except by stream ------------------------------

template <class T> FASTDL_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T, FASTDL_VECTOR_BYTES>::Unaligned*>(p);
}
template <class T> FASTDL_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VectorOf<T, FASTDL_VECTOR_BYTES>::Unaligned*>(p) = v;
}

// The first n lanes (0 <= n <= lanes) of memory, `fill` in the others; nothing past n is touched.
template <class T> FASTDL_INLINE Vec<T> load_partial(const T* p, int64_t n, T fill = T(0)) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (Vec<T>)_mm512_mask_loadu_epi32((__m512i)splat(fill), __mmask16((1u << n) - 1), p);
  else
    return (Vec<T>)_mm512_mask_loadu_epi64((__m512i)splat(fill), __mmask8((1u << n) - 1), p);
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4) {
    const Vec<int32_t> mask = iota<int32_t>() < splat(int32_t(n));
    const auto v = (Vec<T>)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), (__m256i)mask);
    return mask ? v : splat(fill);
  } else {
    const Vec<int64_t> mask = iota<int64_t>() < splat(n);
    const auto v =
        (Vec<T>)_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), (__m256i)mask);
    return mask ? v : splat(fill);
  }
#else
  Vec<T> v = splat(fill);
  for (int i = 0; i < lanes<T>; ++i)
    if (i < n)
      v[i] = p[i];
  return v;
#endif
}
template <class T> FASTDL_INLINE void store_partial(T* p, Vec<T> v, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_epi32(p, __mmask16((1u << n) - 1), (__m512i)v);
  else
    _mm512_mask_storeu_epi64(p, __mmask8((1u << n) - 1), (__m512i)v);
#elif defined(__AVX2__)
  if constexpr (sizeof(T) == 4)
    _mm256_maskstore_epi32(reinterpret_cast<int*>(p),
                           (__m256i)(iota<int32_t>() < splat(int32_t(n))), (__m256i)v);
  else
    _mm256_maskstore_epi64(reinterpret_cast<long long*>(p), (__m256i)(iota<int64_t>() < splat(n)),
                           (__m256i)v);
#else
  for (int i = 0; i < lanes<T>; ++i)
    if (i < n)
      p[i] = v[i];
#endif
}

// The first n lanes or all of them; without a branch where n is a constant.
template <class T> FASTDL_INLINE Vec<T> load_some(const T* p, int64_t n, T fill = T(0)) {
  return n == lanes<T> ? load(p) : load_partial(p, n, fill);
}
template <class T> FASTDL_INLINE void store_some(T* p, Vec<T> v, int64_t n) {
  if (n == lanes<T>)
    store(p, v);
  else
    store_partial(p, v, n);
}

// n elements that lie `stride` elements apart, one by one.
template <class T>
FASTDL_INLINE Vec<T> load_strided(const T* p, int64_t stride, int64_t n = lanes<T>, T fill = T(0)) {
  Vec<T> v = splat(fill);
  for (int i = 0; i < lanes<T>; ++i)
    if (i < n)
      v[i] = p[i * stride];
  return v;
}
template <class T>
FASTDL_INLINE void store_strided(T* p, int64_t stride, Vec<T> v, int64_t n = lanes<T>) {
  for (int i = 0; i < lanes<T>; ++i)
    if (i < n)
      p[i * stride] = v[i];
}

// Non-temporal store past the caches; p aligned to the vector.  Call fence() after the last one,
// before another thread may read.
template <class T> FASTDL_INLINE void stream(T* p, Vec<T> v) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), (__m512i)v);
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), (__m256i)v);
#elif defined(__x86_64__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), (__m128i)v);
#else
  store(p, v);
#endif
}
FASTDL_INLINE void fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}
// Fetches what is needed soon, into the first cache; or later, into the second.
FASTDL_INLINE void prefetch(const void* p) { __builtin_prefetch(p); }
FASTDL_INLINE void prefetch_for_later(const void* p) { __builtin_prefetch(p, 0, 2); }

} // namespace FASTDL_ISA
} // namespace fastdl
