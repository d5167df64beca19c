// The matrix products of OpenBLAS, opened from our own copy of it at the first one.
#pragma once

namespace fastdl {

struct Blas {
  // The C interface of BLAS; its enums are passed as the ints they are.
  template <class T>
  using Gemm = void (*)(int order, int trans_a, int trans_b, int m, int n, int k, T alpha,
                        const T* a, int lda, const T* b, int ldb, T beta, T* c, int ldc);
  static constexpr int row_major = 101, no_trans = 111, trans = 112;

  Gemm<float> sgemm;
  Gemm<double> dgemm;
  const char* core;   // the kernels it chose, e.g. "SkylakeX"
  const char* config; // how it was built
};

// Opens the library once, from any thread; throws std::runtime_error where that fails.
// Each call computes on the calling thread alone.
const Blas& blas();

// C[m, n] = alpha * op(A)[m, k] * op(B)[k, n] + beta * C, all row-major.
inline void gemm(bool trans_a, bool trans_b, int m, int n, int k, float alpha, const float* a,
                 int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  blas().sgemm(Blas::row_major, trans_a ? Blas::trans : Blas::no_trans,
               trans_b ? Blas::trans : Blas::no_trans, m, n, k, alpha, a, lda, b, ldb, beta, c,
               ldc);
}
inline void gemm(bool trans_a, bool trans_b, int m, int n, int k, double alpha, const double* a,
                 int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  blas().dgemm(Blas::row_major, trans_a ? Blas::trans : Blas::no_trans,
               trans_b ? Blas::trans : Blas::no_trans, m, n, k, alpha, a, lda, b, ldb, beta, c,
               ldc);
}

} // namespace fastdl
