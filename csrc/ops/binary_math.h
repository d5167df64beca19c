// The binary functions: one formula and one line in a list each.
#pragma once
#include "core/scalar.h"

namespace fastdl {
namespace FASTDL_ISA {

FASTDL_INLINE float power(float x, float y) { return __builtin_powf(x, y); }
FASTDL_INLINE double power(double x, double y) { return __builtin_pow(x, y); }
// Integer powers by squaring, wrapping; a negative exponent gives the truncated quotient.
template <class T> FASTDL_INLINE T power(T x, T y) {
  if (y < 0)
    return x == 1 ? 1 : x == T(-1) ? (y % 2 ? T(-1) : T(1)) : T(0);
  uint64_t result = 1, base = static_cast<uint64_t>(x);
  for (; y; y /= 2, base *= base)
    if (y % 2)
      result *= base;
  return static_cast<T>(result);
}

// X(name, formula in a and b)
#define FASTDL_BINARY_ARITHMETIC(X)                                                                \
  X(add, a + b)                                                                                    \
  X(sub, a - b)                                                                                    \
  X(mul, a* b)                                                                                     \
  X(pow, power(a, b))                                                                              \
  X(maximum, (a > b || a != a) ? a : b)                                                            \
  X(minimum, (a < b || a != a) ? a : b)

#define FASTDL_BINARY_FLOAT(X) X(div, a / b)

#define FASTDL_BINARY_COMPARE(X)                                                                   \
  X(eq, a == b)                                                                                    \
  X(ne, a != b)                                                                                    \
  X(lt, a < b)                                                                                     \
  X(le, a <= b)                                                                                    \
  X(gt, a > b)                                                                                     \
  X(ge, a >= b)

#define FASTDL_BINARY_LOGICAL(X)                                                                   \
  X(logical_and, a&& b)                                                                            \
  X(logical_or, a || b)                                                                            \
  X(logical_xor, a != b)

} // namespace FASTDL_ISA
} // namespace fastdl
