// One step of Adam (Kingma & Ba, ICLR 2015) over a flat arena, with decoupled weight decay (AdamW,
// Loshchilov & Hutter, ICLR 2019) and AMSGrad (Reddi et al., ICLR 2018), in PyTorch's order:
//
//   g = -grad if maximize;  p *= 1 - lr weight_decay (decoupled), else g += weight_decay p
//   m += (1 - beta1)(g - m);  v = beta2 v + (1 - beta2) g g;  w = max(w, v) (AMSGrad), else v
//   p -= lr / (1 - beta1^t) m / (sqrt(w) (1 / sqrt(1 - beta2^t)) + eps)
//
// Operands of adam: hyper, counts, segments, parameters, m, v, w or null, then a gradient (or null:
// that parameter is left alone) for each segment.  Work units: blocks of kBlock elements.
// Operands of adam_advance, which runs before (one unit): hyper, counts, gradients; row i of counts
// holds what is the same for all of parameter i: t, lr / (1 - beta1^t), sqrt(1 - beta2^t), in
// double. NaN and inf go where they are; the bits are the same on every instruction set.  hyper is
// float64:
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct AdamHyper {
  double lr, beta1, beta2, eps, weight_decay, decoupled, maximize;
};

struct AdamCount {
  double step, step_size, correction;
};

} // namespace fastdl
