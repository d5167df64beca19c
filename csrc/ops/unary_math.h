// The unary functions: one formula and one line in a list each.  V is a number or a vector of them.
#pragma once
#include "core/explog.h"
#include "core/special.h"
#include "core/trig.h"

namespace fastdl {
namespace FASTDL_ISA {

// Element-wise functions of floats that are not in core/math.h.
template <class V> FASTDL_INLINE V neg(V x) { return -x; }
template <class V> FASTDL_INLINE V reciprocal(V x) { return constant<V>(1) / x; }
// -1, 0 or 1; NaN stays NaN (PyTorch says 0), zeros keep their sign.
template <class V> FASTDL_INLINE V sign(V x) {
  return select(x > V{}, constant<V>(1), select(x < V{}, constant<V>(-1), x));
}
template <class V> FASTDL_INLINE V square(V x) { return x * x; }
// 1 / sqrt(x): inf at 0, -inf at -0, NaN below, 0 at inf.  Error: 1.5 ULP.
template <class V> FASTDL_INLINE V rsqrt(V x) { return constant<V>(1) / sqrt(x); }
// Exact, with the sign of x where the result is 0; +-inf and NaN stay as they are.
template <class V> FASTDL_INLINE V ceil(V x) { return -floor(-x); }
template <class V> FASTDL_INLINE V trunc(V x) { return copysign(floor(abs(x)), x); }
// x - trunc(x), exact; NaN at +-inf.
template <class V> FASTDL_INLINE V frac(V x) { return x - trunc(x); }

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
// x hardsigmoid(x): x from 3 on, -0 up to -3.  1.88 ULP.
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
  X(rsqrt)                                                                                         \
  X(reciprocal)                                                                                    \
  X(square)                                                                                        \
  X(floor)                                                                                         \
  X(round)                                                                                         \
  X(exp)                                                                                           \
  X(exp2)                                                                                          \
  X(expm1)                                                                                         \
  X(log)                                                                                           \
  X(log2)                                                                                          \
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
  X(softsign)                                                                                      \
  X(sin)                                                                                           \
  X(cos)                                                                                           \
  X(erf)

// The same; rare or long formulas, which are compiled once and called for each vector.
#define FASTDL_UNARY_CALLED(X)                                                                     \
  X(ceil)                                                                                          \
  X(trunc)                                                                                         \
  X(frac)                                                                                          \
  X(log10)                                                                                         \
  X(sinh)                                                                                          \
  X(cosh)                                                                                          \
  X(asinh)                                                                                         \
  X(acosh)                                                                                         \
  X(atanh)                                                                                         \
  X(tan)                                                                                           \
  X(asin)                                                                                          \
  X(acos)                                                                                          \
  X(atan)                                                                                          \
  X(erfc)                                                                                          \
  X(erfinv)                                                                                        \
  X(lgamma)                                                                                        \
  X(digamma)                                                                                       \
  X(log1mexp)                                                                                      \
  X(softplus_inverse)

// Negative, or -0, or a NaN with the sign set.
template <class T> FASTDL_INLINE bool has_sign(T x) {
  if constexpr (T(0.5) != T(0) && sizeof(T) > 1)
    return signbit(x);
  else
    return x < T(0);
}

// X(name, formula in x): any dtype to bool.
#define FASTDL_UNARY_PREDICATE(X)                                                                  \
  X(isnan, x != x)                                                                                 \
  X(isinf, x == x && x - x != T(0))                                                                \
  X(isfinite, x - x == T(0))                                                                       \
  X(signbit, has_sign(x))

// X(name, formula in x): int64, int32 (and uint8, whose arithmetic wraps).
#define FASTDL_UNARY_INTEGER(X)                                                                    \
  X(neg, T(0) - x)                                                                                 \
  X(abs, x < 0 ? T(0) - x : x)                                                                     \
  X(sign, T(x > 0) - T(x < 0))                                                                     \
  X(relu, x < 0 ? T(0) : x)                                                                        \
  X(square, x* x)                                                                                  \
  X(floor, x)                                                                                      \
  X(ceil, x)                                                                                       \
  X(round, x)                                                                                      \
  X(trunc, x)                                                                                      \
  X(bitwise_not, T(~x))

} // namespace FASTDL_ISA
} // namespace fastdl
