#include "ops/matmul.h"

#include <algorithm>
#include <climits>
#include <utility>
#include <vector>

#include "core/blas.h"
#include "core/check.h"
#include "core/launch.h"
#include "core/py_call.h"
#include "core/py_tensor.h"
#include "core/registry.h"

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
void plan(MatmulParams& p, DType dtype) {
  p.tile_m = std::max(p.m, 1);
  p.tile_n = std::max(p.n, 1);
  const double operations = 2.0 * p.m * p.n * p.k;
  if (p.m == 1 || p.n == 1) {
    p.path = MatmulParams::vector;
    (p.m == 1 ? p.tile_n : p.tile_m) = kVectorTile;
    return;
  }
  if (p.n > 32 && !p.b.transposed && p.m <= kFlatRows && int64_t{p.k} * p.n > kFlatLeast) {
    p.path = MatmulParams::flat;
    p.tile_n = kFlatColumns;
    return;
  }
  const bool thin = std::min(p.m, p.n) <= 32; // BLAS packs what is used so seldom
  static const bool many_registers = isa() == "avx512";
  const double small = many_registers && dtype == DType::float32 ? 1.2e9 : 64e6;
  p.path = thin || operations <= small ? MatmulParams::small : MatmulParams::tiles;
  constexpr double kLeast = 1e6, kMostByBlas = 512e6; // operations of a tile
  double tiles = std::max(4.0, operations / kMostByBlas), parts = 1;
  if (p.path == MatmulParams::small)
    tiles = thin ? operations : 16;
  tiles = std::min(tiles, operations / kLeast);
  while (2 * parts <= tiles) {
    bool rows = p.tile_m > p.tile_n;
    if (p.path == MatmulParams::small) {
      // Turned or not (matmul_cpu.cpp): so cut that no tile transposes what another one does, too.
      const bool turned = double(p.k) * p.n >= 128.0 * (p.k + p.n);
      rows = turned ? p.tile_m >= 64 : p.tile_n < 64;
      if (turned && !rows && p.tile_n < (p.n > 512 ? 512 : 256))
        break;
    }
    int32_t& side = rows ? p.tile_m : p.tile_n;
    if (side < 2 * kTileMultiple)
      break;
    side = (side / 2 + kTileMultiple - 1) / kTileMultiple * kTileMultiple;
    parts *= 2;
  }
}

// What a launch of the kernel takes; a and b as BLAS can read them.
struct Product {
  MatmulParams p{};
  Tensor a, b;
  int64_t matrices = 1;

  int64_t units() const {
    return matrices * ((p.m + p.tile_m - 1) / p.tile_m) * ((p.n + p.tile_n - 1) / p.tile_n);
  }
  int64_t work() const {
    const double operations = 2.0 * p.m * p.n * p.k * static_cast<double>(matrices);
    return static_cast<int64_t>(operations / kOperationsPerByte);
  }
};

// a (..., m, k) times b (..., k, n).
Product prepare(const char* name, const Tensor& left, const Tensor& right, const Dims& batch) {
  Product product;
  MatmulParams& p = product.p;
  const int64_t k = left.shape[left.ndim() - 1], n = right.shape[right.ndim() - 1];
  int64_t m = left.shape[left.ndim() - 2];
  const bool tall = left.ndim() > 2 && right.ndim() == 2; // a batch that is one product
  if (tall)
    m *= batch.product();
  p.m = blas_size(name, m);
  p.n = blas_size(name, n);
  p.k = blas_size(name, k);
  p.ndim = tall ? 0 : batch.n;
  product.a = readable(tall ? row_major_as(left, {m, k}) : left, p.a);
  product.b = readable(right, p.b);
  for (int d = 0; d < p.ndim; ++d) {
    const auto stride = [&](const Tensor& x) {
      const int at = d - p.ndim + x.ndim() - 2;
      return at >= 0 && x.shape[at] != 1 ? x.strides[at] : 0;
    };
    p.shape[d] = batch[d];
    p.stride_a[d] = stride(product.a);
    p.stride_b[d] = stride(product.b);
    product.matrices *= batch[d];
  }
  plan(p, left.dtype);
  return product;
}

// `shape` is the result's as the caller wants to see it.  With `sum` the result is added to it, in
// place.
Tensor multiply(Op op, const Tensor& left, const Tensor& right, const Tensor* bias,
                const Dims& batch, const Dims& shape, bool relu = false,
                const Tensor* sum = nullptr) {
  Product product = prepare(info(op).name, left, right, batch);
  product.p.relu = relu;
  product.p.add = sum;
  require(!sum || product.p.path != MatmulParams::tiles, info(op).name,
          ": BLAS cannot add to what is there");
  const Tensor out = sum ? *sum : empty(shape, left.dtype);
  if (out.numel())
    launch(op, left.dtype, {&out, &product.a, &product.b, bias}, product.p, product.units(),
           kNoDraw, product.p.path == MatmulParams::vector ? kByBytes : product.work());
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

// The matrix products of a training step and nothing else: a yardstick of benchmarks/steps.
class Products {
public:
  // Of pairs of matrices; each by BLAS in so many parts, or with 0 parts as matmul does it.
  Products(const py::sequence& pairs, int parts) {
    for (const py::handle pair : pairs) {
      const auto [a, b] = pair.cast<std::pair<Tensor, Tensor>>();
      Product product = prepare("Products", a, b, Dims{});
      MatmulParams& p = product.p;
      if (parts) {
        p.path = MatmulParams::tiles;
        p.tile_m = p.m;
        p.tile_n = p.n;
        int32_t& side = p.n >= p.m ? p.tile_n : p.tile_m;
        side = (side + parts - 1) / parts;
      }
      results_.push_back(empty({p.m, p.n}, a.dtype));
      kernels_.push_back(find_kernel(Op::matmul, a.dtype));
      products_.push_back(std::move(product));
    }
  }
  void run() const {
    for (size_t i = 0; i < products_.size(); ++i) {
      const Product& each = products_[i];
      void* operands[] = {results_[i].data(), each.a.data(), each.b.data(), nullptr};
      run_kernel(kernels_[i], operands, &each.p, each.units(), each.work());
    }
  }

private:
  std::vector<Product> products_;
  std::vector<Tensor> results_;
  std::vector<Kernel> kernels_;
};

} // namespace

void bind_matmul(py::module_& m) {
  m.def("matmul", &matmul, py::arg("input"), py::arg("other"));
  call_directly(Op::matmul, 2, [](Op, const Tensor* const* x) { return matmul(*x[0], *x[1]); });
  m.def("linear", &linear, py::arg("input"), py::arg("weight"), py::arg("bias") = py::none(),
        py::arg("relu") = false);
  m.def("matmul_add", &matmul_add);
  py::class_<Products>(m, "Products")
      .def(py::init<const py::sequence&, int>())
      .def("run", &Products::run);
}

} // namespace fastdl
