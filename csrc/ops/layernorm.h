// Layer normalization of the rows of a row-major matrix (rows, n):
//
//   y = (x - mean) / sqrt(var + eps) weight + bias
//
// Ba, Kiros & Hinton, "Layer Normalization", 2016.  Mean and biased variance are sums in double
// around the row's first element, so that a mean a million times the deviation costs floats no
// digits (of a double's 53 bits as many as a row has elements, where its first one is an outlier)
// and the variance of a constant row is 0.  Rows up to the largest number do not overflow (second
// derivatives, in plain ops, do where squares do).  A row with NaN or inf has NaN everywhere; other
// rows do not notice (weight and bias gradients do).
//
// stats is float64 (3, rows): the mean rounded to the dtype of x, what that lost, and
// 1 / sqrt(var + eps).  Operands (those marked ? may be null):
//
//   layer_norm            y, stats, x, weight?, bias?
//   layer_norm_backward   dx?, partials? float64 (blocks, 2, n): sums over a block of rows of
//                         g xhat and of g; g, x, stats, weight?
//   layer_norm_sums       dweight, dbias, partials
//
// Work units: rows; blocks of `height` rows; kSumColumns columns.
#pragma once
#include "core/kernel.h"

namespace fastdl {

constexpr int64_t kSumColumns = 256;

struct LayerNormParams {
  int64_t rows, n;
  int64_t height; // of a block; depends on the shape alone
  double eps;
  bool past_cache;
};

} // namespace fastdl
