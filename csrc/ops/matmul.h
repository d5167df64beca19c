// out[i] = a[i] b[i] (+ bias in every row), for every matrix i of a batch.  Operands: out
// (row-major), a (m, k), b (k, n), bias (n) or none.  matmul and linear share the kernel.
//
// A matrix lies row-major or, if `transposed`, column-major in memory, its rows (columns) `ld`
// elements apart; the matrices of a batch lie anywhere.  With k = 0 the product is zero.  Products
// of one row or one column go through gemv.  Sums in the dtype's own precision, in an order that
// depends on shape, dtype and layout alone; NaN and inf reach what they are multiplied into, as in
// BLAS.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct MatrixLayout {
  bool transposed;
  int32_t ld;
};

struct MatmulParams {
  int32_t m, n, k;
  MatrixLayout a, b;
  // The batch, outermost dimension first; strides in elements.
  int32_t ndim;
  int64_t shape[kMaxDims], stride_a[kMaxDims], stride_b[kMaxDims];
};

// A work unit is one matrix of the batch.  Defined in matmul.cpp, since nothing in it depends on
// the instruction set: BLAS chooses its kernels itself.
template <class T>
void multiply_matrices(void* const* operands, const void* params, int64_t begin, int64_t end);

} // namespace fastdl
