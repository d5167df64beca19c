#include "ops/softmax.h"

#include "core/cache.h"
#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// The shape of x around dimension d as (outer, n, inner); a number is a row of one.
struct RowsOf {
  int64_t outer = 1, n = 1, inner = 1;

  RowsOf(const Tensor& x, int d) {
    for (int i = 0; i < x.ndim(); ++i)
      (i < d ? outer : i == d ? n : inner) *= x.shape[i];
  }
  SoftmaxParams params(const Tensor& out, bool masked = false) const {
    int64_t columns = kMostColumns;
    while (columns > 16 && n * columns * item_size(out.dtype) > kColumnBytes)
      columns /= 2;
    return {n, inner, columns, masked, beyond_cache(out)};
  }
  int64_t units(const SoftmaxParams& p) const {
    return inner == 1 ? outer : outer * ((inner + p.columns - 1) / p.columns);
  }
};

void launch_rows(Op op, std::initializer_list<const Tensor*> operands, const RowsOf& rows,
                 bool masked = false) {
  const Tensor& out = **operands.begin();
  const SoftmaxParams params = rows.params(out, masked);
  launch(op, out.dtype, operands, params, rows.units(params));
}

template <Op op> Tensor softmax_of(const Tensor& input, int64_t dim, bool masked) {
  const char* name = info(op).name;
  require_float(name, "input", input);
  const RowsOf rows(input, wrap_dim(name, dim, input.ndim()));
  const Tensor x = contiguous(input), out = empty(input.shape, input.dtype);
  if (out.numel())
    launch_rows(op, {&out, &x}, rows, masked);
  return out;
}

Tensor logsumexp(const Tensor& input, int64_t dim, bool keepdim) {
  require_float("logsumexp", "input", input);
  const int d = wrap_dim("logsumexp", dim, input.ndim());
  const RowsOf rows(input, d);
  Dims shape = input.shape;
  if (keepdim && shape.n)
    shape[d] = 1;
  else if (shape.n)
    shape.erase(d);
  const Tensor x = contiguous(input), out = empty(shape, input.dtype);
  launch_rows(Op::logsumexp, {&out, &x}, rows);
  return out;
}

template <Op op> Tensor softmax_backward_of(const Tensor& g, const Tensor& y, int64_t dim) {
  const char* name = info(op).name;
  require_float(name, "y", y);
  require_same_dtype(name, "g", g, y.dtype);
  require(g.shape == y.shape, name, ": g: expected shape ", y.shape, ", got ", g.shape);
  const RowsOf rows(y, wrap_dim(name, dim, y.ndim()));
  const Tensor dense_g = contiguous(g), dense_y = contiguous(y), out = empty(y.shape, y.dtype);
  if (out.numel())
    launch_rows(op, {&out, &dense_g, &dense_y}, rows);
  return out;
}

} // namespace

void bind_softmax(py::module_& m) {
  m.def("softmax", &softmax_of<Op::softmax>, py::arg("input"), py::arg("dim"),
        py::arg("masked") = false);
  m.def(
      "log_softmax",
      [](const Tensor& input, int64_t dim) {
        return softmax_of<Op::log_softmax>(input, dim, false);
      },
      py::arg("input"), py::arg("dim"));
  m.def("logsumexp", &logsumexp, py::arg("input"), py::arg("dim"), py::arg("keepdim") = false);
  m.def("softmax_backward", &softmax_backward_of<Op::softmax_backward>, py::arg("g"), py::arg("y"),
        py::arg("dim"));
  m.def("log_softmax_backward", &softmax_backward_of<Op::log_softmax_backward>, py::arg("g"),
        py::arg("y"), py::arg("dim"));
}

} // namespace fastdl
