// One side of the diagonal of each matrix, zeros on the other; what is left out does not spread its
// NaN.  Operands: out, input, both row-major (.., rows, columns).
//
//   tril  out[i, j] = j - i <= diagonal ? input[i, j] : 0
//   triu  out[i, j] = j - i >= diagonal ? input[i, j] : 0
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct TriangleParams {
  int64_t rows, columns, diagonal; // diagonal in [-rows, columns]; a unit is a row
};

} // namespace fastdl
