// Activations with parameters, element by element, and their first derivatives.  float32, float64.
//
//   leaky_relu            out, x      x where x > 0, else a x
//   leaky_relu_backward   out, g, x   g where x > 0, else a g
//   elu                   out, x      a x where x > 0, else b (exp(c x) - 1)
//   elu_backward          out, g, x   g times a where x > 0, else b c exp(c x)
//   gate_backward         out, g, x   0 where x <= a or x >= b, else g: of relu and its kin
//
// ELU, SELU and CELU are one: a = scale, b = scale alpha, c = rate.  All operands row-major.  A NaN
// gives NaN (as x in gate_backward it lets g through); at -inf leaky_relu is -inf (a > 0) and elu
// is -b.  Errors: leaky_relu half an ULP, elu that of expm1 and 1 ULP more for b and c other
// than 1.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct ActivationParams {
  int64_t numel;
  double a, b, c;
  bool past_cache;
};

} // namespace fastdl
