// The binary functions: one formula and one line in a list each.
#pragma once
#include "core/explog.h"

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

// Division of integers rounds towards -inf as Python's, wraps, and gives 0 where b is 0 (the caller
// checks).  Of floats: from the exact remainder (fmod), so that the quotient is the right integer.
template <class T> FASTDL_INLINE bool is_minus_one(T b) { return b < 0 && b == T(-1); }
FASTDL_INLINE float c_remainder(float a, float b) { return __builtin_fmodf(a, b); }
FASTDL_INLINE double c_remainder(double a, double b) { return __builtin_fmod(a, b); }
template <class T> FASTDL_INLINE T c_remainder(T a, T b) {
  return b == 0 || is_minus_one(b) ? T(0) : static_cast<T>(a % b);
}
// The remainder with the sign of b.
template <class T> FASTDL_INLINE T python_remainder(T a, T b) {
  const T r = c_remainder(a, b);
  return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
}
FASTDL_INLINE float python_remainder(float a, float b) {
  const float r = c_remainder(a, b);
  return r == 0 ? copysign(r, b) : (r < 0) != (b < 0) ? r + b : r;
}
FASTDL_INLINE double python_remainder(double a, double b) {
  const double r = c_remainder(a, b);
  return r == 0 ? copysign(r, b) : (r < 0) != (b < 0) ? r + b : r;
}
template <class T> FASTDL_INLINE T python_quotient(T a, T b) {
  if (b == 0 || is_minus_one(b))
    return b == 0 ? T(0) : static_cast<T>(T(0) - a);
  return static_cast<T>(a / b - (a % b != 0 && (a < 0) != (b < 0)));
}
template <class T> FASTDL_INLINE T quotient_of_floats(T a, T b) {
  if (b == 0)
    return a / b;
  const T r = c_remainder(a, b);
  const T q = (a - r) / b - (r != 0 && (r < 0) != (b < 0) ? T(1) : T(0));
  const T whole = floor(q); // q is an integer but for its rounding
  return q == 0 ? copysign(T(0), a / b) : q - whole > T(0.5) ? whole + 1 : whole;
}
FASTDL_INLINE float python_quotient(float a, float b) { return quotient_of_floats(a, b); }
FASTDL_INLINE double python_quotient(double a, double b) { return quotient_of_floats(a, b); }

// A shift by less than 0 or by all bits and more gives what shifting one by one would: 0, or -1 for
// a negative number shifted to the right.
template <class T> FASTDL_INLINE T left_shift(T a, T b) {
  const bool inside = b >= 0 && uint64_t(b) < sizeof(T) * 8;
  return inside ? static_cast<T>(static_cast<uint64_t>(a) << b) : T(0);
}
template <class T> FASTDL_INLINE T right_shift(T a, T b) {
  const bool inside = b >= 0 && uint64_t(b) < sizeof(T) * 8;
  return inside ? static_cast<T>(a >> b) : a < 0 ? T(-1) : T(0);
}

FASTDL_INLINE float arc_tangent(float y, float x) { return __builtin_atan2f(y, x); }
FASTDL_INLINE double arc_tangent(double y, double x) { return __builtin_atan2(y, x); }
FASTDL_INLINE float hypotenuse(float x, float y) { return __builtin_hypotf(x, y); }
FASTDL_INLINE double hypotenuse(double x, double y) { return __builtin_hypot(x, y); }

// log(exp(a) + exp(b)), also of equal infinities; NaN if either is.
template <class T> FASTDL_INLINE T log_add_exp(T a, T b) {
  const T larger = maximum(a, b);
  return larger + log1p(a == b ? T(1) : exp(-abs(a - b)));
}
// log2(2^a + 2^b).
template <class T> FASTDL_INLINE T log_add_exp2(T a, T b) {
  const T larger = maximum(a, b);
  return larger + log1p(a == b ? T(1) : exp2(-abs(a - b))) * T(BaseConstants<T>::log2_e);
}
// a log(b), and 0 where a is 0 unless b is NaN.
template <class T> FASTDL_INLINE T x_log_y(T a, T b) {
  return b != b ? b : a == 0 ? T(0) : a * log(b);
}

// X(name, formula in a and b)
#define FASTDL_BINARY_ARITHMETIC(X)                                                                \
  X(add, a + b)                                                                                    \
  X(sub, a - b)                                                                                    \
  X(mul, a* b)                                                                                     \
  X(pow, power(a, b))                                                                              \
  X(maximum, (a > b || a != a) ? a : b)                                                            \
  X(minimum, (a < b || a != a) ? a : b)

#define FASTDL_BINARY_DIVISION(X)                                                                  \
  X(fmod, c_remainder(a, b))                                                                       \
  X(remainder, python_remainder(a, b))                                                             \
  X(floor_divide, python_quotient(a, b))

// Of integers computed as float32: div, and what is slow by itself.
#define FASTDL_BINARY_FLOAT(X) X(div, a / b)
#define FASTDL_BINARY_SLOW(X)                                                                      \
  X(atan2, arc_tangent(a, b))                                                                      \
  X(hypot, hypotenuse(a, b))                                                                       \
  X(copysign, copysign(a, b))                                                                      \
  X(logaddexp, log_add_exp(a, b))                                                                  \
  X(logaddexp2, log_add_exp2(a, b))                                                                \
  X(xlogy, x_log_y(a, b))

// Integers alone.
#define FASTDL_BINARY_BITS(X)                                                                      \
  X(bitwise_and, T(a& b))                                                                          \
  X(bitwise_or, T(a | b))                                                                          \
  X(bitwise_xor, T(a ^ b))                                                                         \
  X(bitwise_left_shift, left_shift(a, b))                                                          \
  X(bitwise_right_shift, right_shift(a, b))

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
