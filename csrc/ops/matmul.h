// out[i] = a[i] b[i] (+ bias in every row), for every matrix i of a batch.  Operands: out
// (row-major), a (m, k), b (k, n), bias (n) or none.  matmul and linear share the kernel.
//
// A matrix lies row-major or, if `transposed`, column-major in memory, its rows (columns) `ld`
// elements apart; the matrices of a batch lie anywhere.  With k = 0 the product is zero.
//
// Large products go to BLAS in tiles; smaller ones, those of one row or column, and those of a few
// rows with a large row-major matrix have kernels of their own.  Which one, and the tiles, depend
// on m, n, k, dtype and the instruction set alone.  Sums in the dtype's own precision, in an order
// that depends on shape, dtype and layout alone; NaN and inf reach what they are multiplied into,
// as in BLAS.
//
// A compiled step lets a product do what its next call would: `relu` of the result, and `add`,
// which adds that to what is in out.  Bits are those of the calls one after the other (of two NaNs
// that are added, it may be the other one).
#pragma once
#include "core/kernel.h"

namespace fastdl {

constexpr int32_t kVectorTile = 512; // elements of the result, of a product of one row or column

struct MatrixLayout {
  bool transposed;
  int32_t ld;
};

struct MatmulParams {
  enum Path : int32_t { tiles, small, flat, vector };
  int32_t m, n, k;
  MatrixLayout a, b;
  Path path;
  bool relu;
  bool add; // not with `tiles`: BLAS adds up in out
  // A work unit is a part of a product: of a matrix of the batch the tile (tile_m, tile_n) of out.
  int32_t tile_m, tile_n;
  // The batch, outermost dimension first; strides in elements.
  int32_t ndim;
  int64_t shape[kMaxDims], stride_a[kMaxDims], stride_b[kMaxDims];
};

// The most rows and columns of a tile on the path `flat`.
constexpr int32_t kFlatRows = 16, kFlatColumns = 256;

// A tile of a product: out (m, n) with rows ld_out apart, bias (n) or null.
template <class T> struct MatmulTile {
  int32_t m, n, k;
  const T* a;
  const T* b;
  const T* bias;
  T* out;
  int32_t ld_out;
};

// Calls body(MatmulTile<T>) for work units [begin, end).
template <class T, class Body>
inline void for_matmul_tiles(void* const* operands, const MatmulParams& p, int64_t begin,
                             int64_t end, Body body) {
  const int64_t across = (p.n + p.tile_n - 1) / p.tile_n, down = (p.m + p.tile_m - 1) / p.tile_m;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t item = unit / (across * down), tile = unit % (across * down);
    const int64_t row = tile / across * p.tile_m, column = tile % across * p.tile_n;
    const auto* a = static_cast<const T*>(operands[1]);
    const auto* b = static_cast<const T*>(operands[2]);
    int64_t rest = item;
    for (int d = p.ndim - 1; d >= 0; --d) {
      a += rest % p.shape[d] * p.stride_a[d];
      b += rest % p.shape[d] * p.stride_b[d];
      rest /= p.shape[d];
    }
    const auto* bias = static_cast<const T*>(operands[3]);
    body(MatmulTile<T>{static_cast<int32_t>(p.m - row < p.tile_m ? p.m - row : p.tile_m),
                       static_cast<int32_t>(p.n - column < p.tile_n ? p.n - column : p.tile_n), p.k,
                       a + row * (p.a.transposed ? 1 : p.a.ld),
                       b + column * (p.b.transposed ? p.b.ld : 1), bias ? bias + column : nullptr,
                       static_cast<T*>(operands[0]) + (item * p.m + row) * p.n + column, p.n});
  }
}

// A tile by BLAS.  Defined in matmul.cpp, since nothing in it depends on the instruction set.
template <class T> void multiply_by_blas(const MatmulTile<T>& tile, MatrixLayout a, MatrixLayout b);

} // namespace fastdl
