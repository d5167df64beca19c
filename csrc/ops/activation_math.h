// The formulas of the activations with parameters, for one element or a vector of them.
#pragma once
#include "core/math.h"

namespace fastdl {
namespace FASTDL_ISA {

template <class V> FASTDL_INLINE V leaky_relu(V x, V slope) {
  return select(x > V{}, x, slope * x);
}
template <class V> FASTDL_INLINE V leaky_relu_backward(V g, V x, V slope) {
  return select(x > V{}, g, slope * g);
}
template <class V> FASTDL_INLINE V elu(V x, V scale, V limit, V rate) {
  return select(x > V{}, scale * x, limit * expm1(rate * min(V{}, x)));
}
template <class V> FASTDL_INLINE V elu_backward(V g, V x, V scale, V limit, V rate) {
  return g * select(x > V{}, scale, limit * rate * exp(rate * min(V{}, x)));
}

template <class V> FASTDL_INLINE V gate_backward(V g, V x, V low, V high) {
  return select((x <= low) | (x >= high), V{}, g);
}

} // namespace FASTDL_ISA
} // namespace fastdl
