// What becomes of an element, or a vector of them.
#pragma once
#include "core/rng.h"

namespace fastdl {
namespace FASTDL_ISA {

template <class V, class M> FASTDL_INLINE V dropout(V x, M dropped, scalar_of<V> scale) {
  return select(dropped, V{}, x * constant<V>(scale));
}

} // namespace FASTDL_ISA
} // namespace fastdl
