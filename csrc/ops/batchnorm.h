// Batch normalization of the columns of a row-major matrix (rows, columns):
//
//   y = (x - mean) / sqrt(var + eps) weight + bias,  then max(y, 0) if relu
//
// Ioffe & Szegedy, ICML 2015.  Mean and variance are sums in double: of blocks of kBatchRows rows
// around the block's own mean, merged in order by Chan, Golub & LeVeque's formula ("Updating
// formulae", 1979), so that a mean a million times the deviation costs no digits and the variance
// of a constant column is 0.  Training divides by the biased variance; the unbiased one goes into
// running_var.  A column with NaN or inf has NaN for mean and variance, and y; other columns do not
// notice.  No rows: no result is defined (the binding asks for two).
//
// stats is float64 (2, columns): the mean, and 1 / sqrt(var + eps).  Work units are blocks of
// kBatchRows rows times tiles of kBatchColumns columns, columns first; of steps that go down whole
// columns, tiles of columns.
//
//   op                        step    operands                                           work unit
//   batch_norm_stats          partial partials float64 (row blocks, 2, columns), x       block,
//   tile
//                             merge   stats, partials, running_mean?, running_var?       tile
//                             given   stats, running_mean, running_var                   tile
//   batch_norm                        y, x, stats, weight?, bias?                        block,
//   tile batch_norm_backward_sums  partial partials, g, x, stats, weight?, bias? block, tile
//                             merge   sums float64 (2, columns): of g, of g xhat; partials  tile
//   batch_norm_backward               dx, g, x, stats, weight?, bias?, sums? (evaluation: null)
//
// Operands marked ? may be null.  Where relu is set, g counts where y > 0 (or is NaN); y is
// computed again from x.
#pragma once
#include "core/kernel.h"

namespace fastdl {

constexpr int64_t kBatchRows = 128, kBatchColumns = 256;

struct BatchNormParams {
  enum Step : int32_t { partial, merge, given };
  int64_t rows, columns;
  double eps, momentum;
  Step step;
  bool relu;
};

} // namespace fastdl
