#include "ops/triangle.h"

#include <algorithm>

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

template <Op op> Tensor triangle(const Tensor& input, int64_t diagonal) {
  const int n = input.ndim();
  require(n >= 2, info(op).name, ": input: expected at least 2 dimensions, got shape ",
          input.shape);
  const int64_t rows = input.shape[n - 2], columns = input.shape[n - 1];
  const TriangleParams p{rows, columns, std::clamp(diagonal, -rows, columns)};
  const Tensor x = contiguous(input), out = empty(input.shape, input.dtype);
  launch(op, x.dtype, {&out, &x}, p, columns ? out.numel() / columns : 0);
  return out;
}

} // namespace

void bind_triangle(py::module_& m) {
  m.def("tril", &triangle<Op::tril>, py::arg("input"), py::arg("diagonal"));
  m.def("triu", &triangle<Op::triu>, py::arg("input"), py::arg("diagonal"));
}

} // namespace fastdl
