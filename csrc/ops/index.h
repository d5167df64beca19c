// Reading and writing at places given by int64 indices.  All are checked, in a call of its own that
// is recorded like any other, before one is used; the other kernels rely on it.
//
//   index_check             IndexError unless low <= index < size, or for classes index == ignored;
//                           negative ones come out with size added; operands wrapped (or none),
//                           index
//   index_select            out[o, k, i] = input[o, index[k], i]; operands out, input, index
//   index_add, index_copy   target[o, index[k], i] += (=) source[o, k, i], in the order of k;
//                           operands target, index, source; index_fill: as index_copy
//   gather                  out[.., k, ..] = input[.., index[.., k, ..], ..]; operands out, index,
//                           input
//   scatter_add, scatter    target[.., index[.., k, ..], ..] += (=) src[.., k, ..], in the order of
//                           k; operands target, index, src
//
// Sums are taken in the dtype, in a fixed order.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct Tensor;

struct IndexCheckParams {
  const char *op, *argument; // for the message
  int64_t low, size;
  int32_t dim;
  int32_t ndim; // of index, row-major
  int64_t shape[kMaxDims];
  int64_t numel;
  bool classes;    // the indices are the targets of a loss,
  int64_t ignored; // where this value may stand too
};

// Checks row-major int64 class indices for a loss.
void check_classes(const char* op, const Tensor& target, int64_t classes, int64_t ignored);

// gather with indices that are known to be there: input's sizes but along d, row-major.
Tensor gather_known(const Tensor& input, int d, const Tensor& index);

// Throws IndexError for the value at that place of the index.
[[noreturn]] void raise_bad_index(const IndexCheckParams& params, int64_t at, int64_t value);

// input or target: row-major (outer, size, inner); out or source: row-major (outer, count, inner).
struct IndexRowsParams {
  int64_t outer, size, count, inner;
};

// gather: `at` runs over the index's shape, operands out, index, input (with stride 0 along dim).
struct GatherParams {
  Strided<3> at;
  int64_t step; // of input along dim
};

// scatter_add and scatter: `at` runs over the index's shape without dim, operands target, index,
// src.
struct ScatterParams {
  Strided<3> at;
  int64_t count;                             // of indices along dim
  int64_t target_step, index_step, src_step; // along dim
};

// index_add and index_copy hand out columns in blocks of this many.
constexpr int64_t kIndexColumns = 1024;

} // namespace fastdl
