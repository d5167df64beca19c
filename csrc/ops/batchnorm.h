// Batch normalization of the columns of a row-major matrix (rows, columns):
//
//   y = (x - mean) / sqrt(var + eps) weight + bias,  then max(y, 0) if relu
//
// Ioffe & Szegedy, ICML 2015.  Mean and variance are sums in double, taken in one pass around the
// first row of each block of rows; blocks are merged in order by the formula of Chan, Golub and
// LeVeque ("Updating formulae", 1979).  A mean a million times the deviation costs floats no digits
// (of a double's 53 bits as many as a block has rows, where its first value is an outlier), and the
// variance of a constant column is 0.  Training divides by the biased variance; the unbiased one
// goes into running_var.  A column with NaN or inf has NaN for mean, variance and y; other columns
// do not notice.  No rows: no result is defined (the binding asks for two).
//
// stats is float64 (3, columns): the mean, what its rounding lost, and 1 / sqrt(var + eps).
// Operands (those marked ? may be null):
//
//   batch_norm_stats, step partial   partials float64 (blocks, 2, columns), x
//                          merge     stats, partials, x, running_mean?, running_var?
//                          given     stats, running_mean, running_var
//   batch_norm                       y, x, stats, weight?, bias?
//   batch_norm_backward_sums partial partials, g, x, stats, weight?, bias?
//                            merge   sums float64 (2, columns): of g, of g xhat; partials, stats,
//                                    dweight?, dbias?
//   batch_norm_backward              dx, g, x, stats, weight?, bias?, sums? (evaluation: null)
//
// Work units: blocks of rows times tiles of columns, tiles first; of the steps merge and given,
// kMergeColumns columns.  Where relu is set, g counts where y > 0 or is NaN; y is computed again
// from x.
#pragma once
#include "core/kernel.h"

namespace fastdl {

// The steps that only sum take wider tiles than those that write: see docs/notes/kernels.md.
constexpr int64_t kMaxTile = 1024, kMaxSumTile = 4096, kMergeColumns = 256;

struct BatchNormParams {
  enum Step : int32_t { partial, merge, given };
  int64_t rows, columns;
  // A line is `joined` rows that lie one after another: one, or of a narrow matrix as many as fill
  // vectors well.  A block is `height` lines, the last perhaps shorter; a tile `tile` columns, all
  // of the line where rows are joined.  joined and height, which decide the order of additions,
  // depend on the shape alone.
  int64_t joined, height, tile;
  double eps, momentum;
  Step step;
  bool relu, past_cache;
};

} // namespace fastdl
