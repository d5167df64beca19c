// One step of stochastic gradient descent over a flat arena, in PyTorch's order of operations:
//
//   g = -grad if maximize;  g += weight_decay p
//   buffer = g on its first step, else momentum buffer + (1 - dampening) g
//   g = g + momentum buffer (Nesterov), else buffer;  p -= lr g
//
// Operands of sgd: hyper, counts, segments, parameters, momentum buffer or null, then a gradient
// (or null: that parameter is left alone) for each segment.  Work units: blocks of kBlock elements.
// Operands of sgd_advance, which runs before (one unit): hyper, counts, gradients; counts[i] is the
// number of updates that buffer i has had.  NaN and inf go where they are; the bits are the same on
// every instruction set.  hyper is float64:
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct SgdHyper {
  double lr, momentum, dampening, weight_decay, nesterov, maximize;
};

} // namespace fastdl
