#include "ops/scan.h"

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// Scans along d; operands are row-major and of x's shape, the third one may be missing.
void launch_scan(Op op, const Tensor& x, int d, bool reverse, const Tensor* first,
                 const Tensor* second, const Tensor* third) {
  ScanParams p{1, 1, 1, reverse};
  for (int i = 0; i < x.ndim(); ++i)
    (i < d ? p.outer : i == d ? p.length : p.inner) *= x.shape[i];
  const int64_t blocks = (p.inner + kScanColumns - 1) / kScanColumns;
  if (x.numel())
    launch(op, x.dtype, {first, second, third}, p, p.outer * blocks);
}

template <Op op> Tensor cumulative(const Tensor& input, int64_t dim, bool reverse) {
  const char* name = info(op).name;
  if (op == Op::logcumsumexp)
    require_float(name, "input", input);
  const int d = wrap_dim(name, dim, input.ndim());
  const Tensor x = contiguous(input);
  const Tensor out = empty(x.shape, is_float(x.dtype) ? x.dtype : DType::int64);
  launch_scan(op, x, d, reverse, &out, &x, nullptr);
  return out;
}

template <Op op> py::tuple extrema(const Tensor& input, int64_t dim) {
  const int d = wrap_dim(info(op).name, dim, input.ndim());
  const Tensor x = contiguous(input), out = empty(x.shape, x.dtype);
  const Tensor indices = empty(x.shape, DType::int64);
  launch_scan(op, x, d, false, &out, &indices, &x);
  return py::make_tuple(out, indices);
}

Tensor recurrence(const Tensor& a, const Tensor& b, int64_t dim, bool reverse) {
  require_float("recurrence", "b", b);
  require_same_dtype("recurrence", "a", a, b.dtype);
  require(a.shape == b.shape, "recurrence: a: expected the shape of b ", b.shape, ", got ",
          a.shape);
  const int d = wrap_dim("recurrence", dim, b.ndim());
  const Tensor factors = contiguous(a), terms = contiguous(b), out = empty(b.shape, b.dtype);
  launch_scan(Op::recurrence, out, d, reverse, &out, &factors, &terms);
  return out;
}

} // namespace

void bind_scan(py::module_& m) {
  const auto def = [&](const char* name, auto function) {
    m.def(name, function, py::arg("input"), py::arg("dim"), py::arg("reverse") = false);
  };
  def("cumsum", &cumulative<Op::cumsum>);
  def("cumprod", &cumulative<Op::cumprod>);
  m.def(
      "logcumsumexp",
      [](const Tensor& input, int64_t dim) {
        return cumulative<Op::logcumsumexp>(input, dim, false);
      },
      py::arg("input"), py::arg("dim"));
  m.def("cummax", &extrema<Op::cummax>, py::arg("input"), py::arg("dim"));
  m.def("cummin", &extrema<Op::cummin>, py::arg("input"), py::arg("dim"));
  m.def("recurrence", &recurrence, py::arg("a"), py::arg("b"), py::arg("dim"),
        py::arg("reverse") = false);
}

} // namespace fastdl
