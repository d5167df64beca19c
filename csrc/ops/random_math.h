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

// The next number towards -inf, of any finite number.
template <class T> FASTDL_INLINE T number_before(T x) {
  if (x == 0)
    return -bit_cast<T>(uint_of<T>(1));
  return bit_cast<T>(bit_cast<uint_of<T>>(x) + (x > 0 ? uint_of<T>(-1) : uint_of<T>(1)));
}

} // namespace FASTDL_ISA
} // namespace fastdl
