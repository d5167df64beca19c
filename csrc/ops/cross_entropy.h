// Cross-entropy of rows of logits x (rows, classes) with class indices t (rows), float32 and
// float64, with PyTorch's weights w and label smoothing s; lse = log sum_c exp(x_c):
//
//   loss = (1 - s) w_t (lse - x_t) + s / classes sum_c w_c (lse - x_c)
//
// Operands (weight may be null: all 1):
//   cross_entropy            loss (rows), stats (3, rows), x, t (int64), weight (classes)
//   cross_entropy_sum        total, scale, loss, t, weight: with a scale total is the mean, the sum
//                            of the losses over sum w_t, and scale = 1 / sum w_t; with null the sum
//   cross_entropy_backward   grad (rows, classes), g (one, or one per row), stats, x, t, weight
//
// stats of a row: its maximum, 1 / the sum of its exponentials in their unit (ExpUnit), and the
// factor of its softmax in the gradient, (1 - s) w_t + s / classes sum_c w_c.
//
// Error: without weights and smoothing the loss of a row is within 2 ULP (double 2.2).
//
//   ignored row (t = ignore_index)   loss and gradient 0, whatever its logits
//   x_t = -inf                       loss +inf
//   -inf elsewhere                   adds 0 to the sum; with smoothing the loss is +inf as in
//                                    PyTorch, unless the weight of that class is 0
//   NaN or +inf in the row           loss and gradient of the row NaN
//   no row, or ignored ones only     the mean is NaN as in PyTorch, its gradient 0
//   t out of range                   the binding raises IndexError; a kernel that is run again on
//                                    other targets gives NaN, and never reads outside of the row
//
// Rows are added up in one order, in double.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct CrossEntropyParams {
  int64_t rows, classes, ignore_index;
  double smoothing;
  int64_t g_step;  // 0: one g for all rows; 1: each its own
  bool past_cache; // see core/cache.h
};

} // namespace fastdl
