// The unary functions: one formula and one line in a list each.  V is a number or a vector of them.
#pragma once
#include "core/math.h"

namespace fastdl {
namespace FASTDL_ISA {

// Element-wise functions of floats that are not in core/math.h.
template <class V> FASTDL_INLINE V neg(V x) { return -x; }
template <class V> FASTDL_INLINE V reciprocal(V x) { return constant<V>(1) / x; }
// -1, 0 or 1; NaN stays NaN (PyTorch says 0), zeros keep their sign.
template <class V> FASTDL_INLINE V sign(V x) {
  return select(x > V{}, constant<V>(1), select(x < V{}, constant<V>(-1), x));
}
// max(x, 0); NaN stays NaN, -0 becomes 0.
template <class V> FASTDL_INLINE V relu(V x) { return select(x <= V{}, V{}, x); }

// min(max(x, 0), 6); NaN stays NaN, -0 becomes 0.
template <class V> FASTDL_INLINE V relu6(V x) {
  return select(x >= constant<V>(6), constant<V>(6), relu(x));
}
// relu6(x + 3) / 6: 1 ULP (x + 3 is exact near -3, where it counts).
template <class V> FASTDL_INLINE V hardsigmoid(V x) {
  return relu6(x + constant<V>(3)) / constant<V>(6);
}
// x hardsigmoid(x): x from 3 on, -0 up to -3.  1.8 ULP.
template <class V> FASTDL_INLINE V hardswish(V x) {
  const V y = x * hardsigmoid(x);
  return select(x >= constant<V>(3), x, select(x <= constant<V>(-3), copysign(V{}, x), y));
}
// x / (1 + |x|), at most 1.5 ULP; at +-inf the formula would give NaN, the limit is +-1.
template <class V> FASTDL_INLINE V softsign(V x) {
  const V y = x / (constant<V>(1) + abs(x));
  return select(abs(x) == infinity<V>(), copysign(constant<V>(1), x), y);
}

// X(name): float32 and float64.
#define FASTDL_UNARY_FLOAT(X)                                                                      \
  X(neg)                                                                                           \
  X(abs)                                                                                           \
  X(sign)                                                                                          \
  X(sqrt)                                                                                          \
  X(reciprocal)                                                                                    \
  X(exp)                                                                                           \
  X(expm1)                                                                                         \
  X(log)                                                                                           \
  X(log1p)                                                                                         \
  X(tanh)                                                                                          \
  X(sigmoid)                                                                                       \
  X(relu)                                                                                          \
  X(softplus)                                                                                      \
  X(logsigmoid)                                                                                    \
  X(gelu)                                                                                          \
  X(gelu_tanh)                                                                                     \
  X(relu6)                                                                                         \
  X(hardsigmoid)                                                                                   \
  X(hardswish)                                                                                     \
  X(silu)                                                                                          \
  X(softsign)

// X(name, formula in x): int64, int32 (and uint8, whose arithmetic wraps).
#define FASTDL_UNARY_INTEGER(X)                                                                    \
  X(neg, T(0) - x)                                                                                 \
  X(abs, x < 0 ? T(0) - x : x)                                                                     \
  X(sign, T(x > 0) - T(x < 0))                                                                     \
  X(relu, x < 0 ? T(0) : x)

} // namespace FASTDL_ISA
} // namespace fastdl
