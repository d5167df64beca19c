// From standard draws to those asked for.
#pragma once
#include "core/rng.h"

namespace fastdl {
namespace FASTDL_ISA {

// low + (high - low) u for u in [0, 1), at most `last`, the number before high.
template <class V>
FASTDL_INLINE V scale_uniform(V u, scalar_of<V> low, scalar_of<V> high, scalar_of<V> last) {
  return min(constant<V>(last), u * constant<V>(high - low) + constant<V>(low));
}

template <class V> FASTDL_INLINE V scale_normal(V z, scalar_of<V> mean, scalar_of<V> std) {
  return z * constant<V>(std) + constant<V>(mean);
}

// -log(u) for u uniform on (0, 1); where u is near 1, from 1 - u, which has more bits there.
template <class V> FASTDL_INLINE V exponential(uint_of<V> bits) {
  const V u = uniform_positive(bits), rest = uniform_positive(~bits); // rest: 1 - u, never 0
  return -select(u < constant<V>(0.5f), log(u), log1p(-rest));
}

// low + floor(span * bits / 2^64).
FASTDL_INLINE int64_t scale_integer(uint64_t bits, int64_t low, uint64_t span) {
  return int64_t(uint64_t(low) + uint64_t(static_cast<unsigned __int128>(bits) * span >> 64));
}

// The next number towards -inf, of any finite number.
template <class T> FASTDL_INLINE T number_before(T x) {
  if (x == 0)
    return -bit_cast<T>(uint_of<T>(1));
  return bit_cast<T>(bit_cast<uint_of<T>>(x) + (x > 0 ? uint_of<T>(-1) : uint_of<T>(1)));
}

} // namespace FASTDL_ISA
} // namespace fastdl
