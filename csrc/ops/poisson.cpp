#include "ops/poisson.h"

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {

void raise_bad_rate(int64_t at, double value) {
  raise<ValueError>("poisson: input: expected finite rates of at least 0, got ", value,
                    " at element ", at);
}

namespace {

constexpr int64_t kPoissonWork = 256; // of an element, as much as so many bytes of a copy

Tensor poisson(const Tensor& input, uint64_t seed, uint64_t draw) {
  require_float("poisson", "input", input);
  const Tensor rates = contiguous(input), out = empty(rates.shape, rates.dtype);
  const PoissonParams p{rates.numel(), seed, draw};
  launch(Op::poisson, rates.dtype, {&out, &rates}, p, p.numel, offsetof(PoissonParams, draw),
         p.numel * kPoissonWork);
  return out;
}

} // namespace

void bind_poisson(py::module_& m) {
  m.def("poisson", &poisson, py::arg("input"), py::arg("seed"), py::arg("draw"));
}

} // namespace fastdl
