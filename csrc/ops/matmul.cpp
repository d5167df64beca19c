#include "ops/matmul.h"

#include <algorithm>
#include <climits>

#include "core/blas.h"
#include "core/check.h"
#include "core/launch.h"
#include "core/py_call.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {

template <class T> void multiply_by_blas(const MatmulTile<T>& t, MatrixLayout a, MatrixLayout b) {
  if (t.bias)
    for (int64_t i = 0; i < t.m; ++i)
      std::copy_n(t.bias, t.n, t.out + i * t.ld_out);
  gemm(a.transposed, b.transposed, t.m, t.n, t.k, T(1), t.a, a.ld, t.b, b.ld, T(t.bias ? 1 : 0),
       t.out, t.ld_out);
}
template void multiply_by_blas(const MatmulTile<float>&, MatrixLayout, MatrixLayout);
template void multiply_by_blas(const MatmulTile<double>&, MatrixLayout, MatrixLayout);

namespace {

constexpr int32_t kTileMultiple = 16;
// A core does so many operations in the time in which an element-wise kernel handles a byte.
constexpr double kOperationsPerByte = 4;
constexpr int64_t kFlatLeast = 2'000'000; // elements of a matrix beyond the caches

// How BLAS can read the last two dimensions of x, if it can.
bool matrix_layout(const Tensor& x, MatrixLayout& layout) {
  const int64_t rows = x.shape[x.ndim() - 2], columns = x.shape[x.ndim() - 1];
  const int64_t row_step = x.strides[x.ndim() - 2], column_step = x.strides[x.ndim() - 1];
  const auto fits = [&](int64_t outer, int64_t outer_step, int64_t inner, int64_t inner_step) {
    const int64_t ld = outer > 1 ? outer_step : std::max<int64_t>(inner, 1);
    layout.ld = static_cast<int32_t>(ld);
    return (inner <= 1 || inner_step == 1) && ld >= std::max<int64_t>(inner, 1) && ld <= INT_MAX;
  };
  layout.transposed = false;
  if (fits(rows, row_step, columns, column_step))
    return true;
  layout.transposed = true;
  return fits(columns, column_step, rows, row_step);
}

// x itself if BLAS can read it, else a row-major copy.
Tensor readable(const Tensor& x, MatrixLayout& layout) {
  if (matrix_layout(x, layout))
    return x;
  const Tensor copy = contiguous(x);
  matrix_layout(copy, layout);
  return copy;
}

Tensor row_major_as(const Tensor& x, const Dims& shape) {
  Tensor out = contiguous(x);
  out.shape = shape;
  out.strides = contiguous_strides(shape);
  return out;
}

int32_t blas_size(const char* op, int64_t size) {
  require(size <= INT_MAX, op, ": expected sizes below 2**31, got ", size);
  return static_cast<int32_t>(size);
}

void require_floats_alike(const char* op, const char* name_a, const Tensor& a, const char* name_b,
                          const Tensor& b) {
  require<TypeError>(is_float(a.dtype) && a.dtype == b.dtype, op, ": ", name_a, ", ", name_b,
                     ": expected one dtype, float32 or float64, got ", name_of(a.dtype), " and ",
                     name_of(b.dtype));
}

// Which kernel computes the product, and in which tiles (measured: docs/notes/matmul.md).
void plan(MatmulParams& p) {
  p.tile_m = std::max(p.m, 1);
  p.tile_n = std::max(p.n, 1);
  const double operations = 2.0 * p.m * p.n * p.k;
  const bool thin = p.n <= 32; // reading a is most of the work: BLAS packs it first
  if (p.m == 1 || p.n == 1) {
    p.path = MatmulParams::vector;
    (p.m == 1 ? p.tile_n : p.tile_m) = kVectorTile;
    return;
  }
  if (!thin && !p.b.transposed && p.m <= kFlatRows && int64_t{p.k} * p.n > kFlatLeast) {
    p.path = MatmulParams::flat;
    p.tile_n = kFlatColumns;
    return;
  }
  constexpr double kSmall = 64e6, kLeast = 2e6, kMost = 512e6; // the last two: of a tile
  p.path = thin || operations <= kSmall ? MatmulParams::small : MatmulParams::tiles;
  const double most = thin ? operations : std::max(4.0, operations / kMost);
  // Two threads share what takes 20 us.
  const double wanted =
      std::min(std::max(operations, 2 * std::min(operations, kLeast)) / kLeast, most);
  double tiles = 1;
  while (2 * tiles <= wanted) {
    int32_t& side = p.tile_n >= p.tile_m ? p.tile_n : p.tile_m;
    if (side < 2 * kTileMultiple)
      break;
    side = (side / 2 + kTileMultiple - 1) / kTileMultiple * kTileMultiple;
    tiles *= 2;
  }
}

// a (..., m, k) times b (..., k, n); `shape` is the result's as the caller wants to see it.
// With `sum` the result is added to it, in place.
Tensor multiply(Op op, const Tensor& left, const Tensor& right, const Tensor* bias,
                const Dims& batch, const Dims& shape, bool relu = false,
                const Tensor* sum = nullptr) {
  MatmulParams p{};
  const char* name = info(op).name;
  const int64_t k = left.shape[left.ndim() - 1], n = right.shape[right.ndim() - 1];
  int64_t m = left.shape[left.ndim() - 2];
  const bool tall = left.ndim() > 2 && right.ndim() == 2; // a batch that is one product
  if (tall)
    m *= batch.product();
  p.m = blas_size(name, m);
  p.n = blas_size(name, n);
  p.k = blas_size(name, k);
  p.ndim = tall ? 0 : batch.n;
  Tensor a = tall ? row_major_as(left, {m, k}) : left;
  a = readable(a, p.a);
  const Tensor b = readable(right, p.b);
  int64_t units = 1;
  for (int d = 0; d < p.ndim; ++d) {
    const auto stride = [&](const Tensor& x) {
      const int at = d - p.ndim + x.ndim() - 2;
      return at >= 0 && x.shape[at] != 1 ? x.strides[at] : 0;
    };
    p.shape[d] = batch[d];
    p.stride_a[d] = stride(a);
    p.stride_b[d] = stride(b);
    units *= batch[d];
  }
  plan(p);
  units *= (m + p.tile_m - 1) / p.tile_m * ((n + p.tile_n - 1) / p.tile_n);
  p.relu = relu;
  p.add = sum;
  require(!sum || p.path != MatmulParams::tiles, name, ": BLAS cannot add to what is there");
  const Tensor out = sum ? *sum : empty(shape, left.dtype);
  const double operations = 2.0 * static_cast<double>(out.numel()) * static_cast<double>(k);
  if (out.numel())
    launch(op, left.dtype, {&out, &a, &b, bias}, p, units, kNoDraw,
           p.path == MatmulParams::vector ? kByBytes
                                          : static_cast<int64_t>(operations / kOperationsPerByte));
  return out;
}

Tensor matmul(const Tensor& input, const Tensor& other) {
  require_floats_alike("matmul", "input", input, "other", other);
  require(input.ndim() && other.ndim(), "matmul: expected at least one dimension, got shapes ",
          input.shape, " and ", other.shape);
  Tensor a = input, b = other;
  if (input.ndim() == 1) {
    a.shape.insert(0, 1);
    a.strides.insert(0, 0);
  }
  if (other.ndim() == 1) {
    b.shape.insert(1, 1);
    b.strides.insert(1, 0);
  }
  const int64_t m = a.shape[a.ndim() - 2], k = a.shape[a.ndim() - 1], n = b.shape[b.ndim() - 1];
  require(k == b.shape[b.ndim() - 2], "matmul: other: expected ", k, " rows for input of shape ",
          input.shape, ", got shape ", other.shape);
  Dims batch_a = a.shape, batch_b = b.shape;
  batch_a.n -= 2;
  batch_b.n -= 2;
  const Dims batch = broadcast_shapes("matmul", batch_a, batch_b);
  Dims shape = batch;
  if (input.ndim() > 1)
    shape.push(m);
  if (other.ndim() > 1)
    shape.push(n);
  return multiply(Op::matmul, a, b, nullptr, batch, shape);
}

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor* bias, bool relu) {
  require_floats_alike("linear", "input", input, "weight", weight);
  require(weight.ndim() == 2, "linear: weight: expected shape (out_features, in_features), got ",
          weight.shape);
  require(input.ndim() >= 1 && input.shape[input.ndim() - 1] == weight.shape[1],
          "linear: input: expected shape (..., ", weight.shape[1], ") for weight of shape ",
          weight.shape, ", got ", input.shape);
  if (bias) {
    require_same_dtype("linear", "bias", *bias, input.dtype);
    require(bias->shape == Dims{weight.shape[0]}, "linear: bias: expected shape ",
            Dims{weight.shape[0]}, ", got ", bias->shape);
  }
  Dims shape = input.shape, batch = input.shape;
  shape[shape.n - 1] = weight.shape[0];
  batch.n = std::max(batch.n - 2, 0);
  Tensor a = input, b = weight;
  if (a.ndim() == 1) {
    a.shape.insert(0, 1);
    a.strides.insert(0, 0);
  }
  std::swap(b.shape[0], b.shape[1]);
  std::swap(b.strides[0], b.strides[1]);
  const Tensor row = bias ? contiguous(*bias) : Tensor{};
  return multiply(Op::linear, a, b, bias ? &row : nullptr, batch, shape, relu);
}

// sum += a b, of matrices whose shapes fit: what a compiled step makes of two calls, for tests.
void matmul_add(const Tensor& sum, const Tensor& a, const Tensor& b) {
  multiply(Op::matmul, a, b, nullptr, Dims{}, sum.shape, false, &sum);
}

} // namespace

void bind_matmul(py::module_& m) {
  m.def("matmul", &matmul, py::arg("input"), py::arg("other"));
  call_directly(Op::matmul, 2, [](Op, const Tensor* const* x) { return matmul(*x[0], *x[1]); });
  m.def("linear", &linear, py::arg("input"), py::arg("weight"), py::arg("bias") = py::none(),
        py::arg("relu") = false);
  m.def("matmul_add", &matmul_add);
}

} // namespace fastdl
