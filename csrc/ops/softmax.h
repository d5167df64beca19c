// softmax, log_softmax and logsumexp along one dimension of a row-major tensor (outer, n, inner),
// and the first derivatives of the first two.  float32, float64.  Operands:
//   softmax, log_softmax           out, input
//   logsumexp                      out (outer, inner), input
//   softmax_backward               out, g, y    y (g - sum(g y))      y = softmax(x)
//   log_softmax_backward           out, g, y    g - exp(y) sum(g)     y = log_softmax(x)
//
// Errors, for rows of any length: softmax 2.5 ULP of each element (one for its exponential, one for
// the sum, half for the quotient; among random rows 2, where many elements are alike 2.2),
// log_softmax 2 ULP (double 2.2, where a row has one large element); logsumexp, which may cancel,
// 2 ULP of the largest of |result|, |max| and 1.
//
// A row is one line along n:
//   a NaN                  every result of the row is NaN
//   +inf and no NaN        softmax, log_softmax NaN as in PyTorch; logsumexp +inf, its gradient NaN
//   -inf everywhere        softmax NaN as in PyTorch, but zeros if masked; log_softmax NaN;
//                          logsumexp -inf with a gradient of 0
//   a -inf among others    softmax 0, log_softmax -inf: the element is left out
//   n = 0                  softmax, log_softmax empty; logsumexp -inf
#pragma once
#include "core/kernel.h"

namespace fastdl {

// A unit of work is a row (inner = 1), or some neighbouring columns of one of the outer matrices:
// so many that the exponentials of n rows of them fit into the second-level cache.  They wait in as
// much memory on the stack.
constexpr int64_t kMostColumns = 128, kColumnBytes = 512 * 1024;

struct SoftmaxParams {
  int64_t n, inner;
  int64_t columns; // of a unit: a multiple of 16, kMostColumns at most
  bool masked;
  bool past_cache; // see core/cache.h
};

} // namespace fastdl
