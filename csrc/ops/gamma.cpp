#include "ops/gamma.h"

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

constexpr int64_t kWork = 256; // of an element, as much as so many bytes of a copy

Tensor standard_gamma_log(const Tensor& concentration, uint64_t seed, uint64_t draw) {
  require_float("standard_gamma_log", "concentration", concentration);
  const Tensor a = contiguous(concentration), out = empty(a.shape, a.dtype);
  launch(Op::standard_gamma_log, a.dtype, {&out, &a}, GammaParams{a.numel(), seed, draw}, a.numel(),
         offsetof(GammaParams, draw), a.numel() * kWork);
  return out;
}

Tensor standard_gamma_log_slope(const Tensor& log, const Tensor& concentration) {
  const Tensor x = contiguous(log), a = contiguous(concentration), out = empty(a.shape, a.dtype);
  launch(Op::standard_gamma_log_slope, a.dtype, {&out, &x, &a}, GammaParams{a.numel(), 0, 0},
         a.numel(), kNoDraw, a.numel() * kWork);
  return out;
}

} // namespace

void bind_gamma(py::module_& m) {
  m.def("standard_gamma_log", &standard_gamma_log, py::arg("concentration"), py::arg("seed"),
        py::arg("draw"));
  m.def("standard_gamma_log_slope", &standard_gamma_log_slope, py::arg("log"),
        py::arg("concentration"));
}

} // namespace fastdl
