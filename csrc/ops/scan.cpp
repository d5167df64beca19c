#include "ops/scan.h"

#include <algorithm>

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// Long rows, where there are few, are cut into chunks of about this many elements.
constexpr int64_t kScanChunk = 32768, kFewUnits = 16, kLeastRows = 64;

// Scans along d; operands are row-major and of x's shape, the third one may be missing.
void launch_scan(Op op, const Tensor& x, int d, bool reverse, bool in_chunks, const Tensor* first,
                 const Tensor* second, const Tensor* third) {
  ScanParams p{1, 1, 1, 0, 1, ScanStage::whole, reverse};
  for (int i = 0; i < x.ndim(); ++i)
    (i < d ? p.outer : i == d ? p.length : p.inner) *= x.shape[i];
  if (x.numel() == 0)
    return;
  const int64_t blocks = (p.inner + kScanColumns - 1) / kScanColumns;
  p.chunk = p.length;
  if (in_chunks && p.outer * blocks < kFewUnits) {
    p.chunk = std::max(kLeastRows, kScanChunk / std::min(p.inner, kScanColumns));
    p.chunks = (p.length + p.chunk - 1) / p.chunk;
  }
  const int64_t units = p.outer * p.chunks * blocks;
  if (p.chunks == 1) {
    launch(op, x.dtype, {first, second, third, nullptr}, p, units);
    return;
  }
  const Tensor totals = empty({p.outer, p.chunks, p.inner, kScanStateBytes}, DType::uint8);
  for (ScanStage stage : {ScanStage::totals, ScanStage::offsets, ScanStage::whole}) {
    p.stage = stage;
    launch(op, x.dtype, {first, second, third, &totals}, p,
           stage == ScanStage::offsets ? p.outer * blocks : units);
  }
}

template <Op op> Tensor cumulative(const Tensor& input, int64_t dim, bool reverse) {
  const char* name = info(op).name;
  if (op == Op::logcumsumexp)
    require_float(name, "input", input);
  const int d = wrap_dim(name, dim, input.ndim());
  const Tensor x = contiguous(input);
  const Tensor out = empty(x.shape, is_float(x.dtype) ? x.dtype : DType::int64);
  launch_scan(op, x, d, reverse, op != Op::cumprod, &out, &x, nullptr);
  return out;
}

template <Op op> py::tuple extrema(const Tensor& input, int64_t dim) {
  const int d = wrap_dim(info(op).name, dim, input.ndim());
  const Tensor x = contiguous(input), out = empty(x.shape, x.dtype);
  const Tensor indices = empty(x.shape, DType::int64);
  launch_scan(op, x, d, false, true, &out, &indices, &x);
  return py::make_tuple(out, indices);
}

Tensor recurrence(const Tensor& a, const Tensor& b, int64_t dim, bool reverse) {
  require_float("recurrence", "b", b);
  require_same_dtype("recurrence", "a", a, b.dtype);
  require(a.shape == b.shape, "recurrence: a: expected the shape of b ", b.shape, ", got ",
          a.shape);
  const int d = wrap_dim("recurrence", dim, b.ndim());
  const Tensor factors = contiguous(a), terms = contiguous(b), out = empty(b.shape, b.dtype);
  launch_scan(Op::recurrence, out, d, reverse, false, &out, &factors, &terms);
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
