#include "ops/dropout.h"

#include "core/cache.h"
#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

Tensor dropout(const Tensor& input, double p, uint64_t seed, uint64_t draw) {
  require_float("dropout", "input", input);
  require(0 <= p && p <= 1, "dropout: p: expected a probability in [0, 1], got ", p);
  const Tensor x = contiguous(input), out = empty(input.shape, input.dtype);
  const DropoutParams params{x.numel(), seed, draw, p, beyond_cache(out)};
  launch(Op::dropout, x.dtype, {&out, &x}, params, blocks(params.numel),
         offsetof(DropoutParams, draw));
  return out;
}

} // namespace

void bind_dropout(py::module_& m) {
  m.def("dropout", &dropout, py::arg("input"), py::arg("p"), py::arg("seed"), py::arg("draw"));
}

} // namespace fastdl
