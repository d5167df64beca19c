#include "ops/random.h"

#include <cmath>

#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// The draw in logical order; a target with other strides receives a copy of it.
void fill_with_draw(Op op, const Tensor& target, const RandomParams& params) {
  const Tensor out = target.is_contiguous() ? target : empty(target.shape, target.dtype);
  launch(op, target.dtype, {&out}, params, blocks(params.numel), offsetof(RandomParams, draw));
  if (!target.is_contiguous())
    copy_into(target, out);
}

void uniform_(const Tensor& target, double low, double high, uint64_t seed, uint64_t draw) {
  require_float("uniform_", "input", target);
  require_writable("uniform_", target);
  const double span = target.dtype == DType::float32
                          ? static_cast<float>(high) - static_cast<float>(low)
                          : high - low;
  require(low <= high && std::isfinite(span),
          "uniform_: a, b: expected numbers a <= b whose difference is finite in ",
          name_of(target.dtype), ", got ", low, " and ", high);
  fill_with_draw(Op::uniform, target, {target.numel(), seed, draw, low, high});
}

void normal_(const Tensor& target, double mean, double std, uint64_t seed, uint64_t draw) {
  require_float("normal_", "input", target);
  require_writable("normal_", target);
  require(std >= 0, "normal_: std: expected a number of at least 0, got ", std);
  fill_with_draw(Op::normal, target, {target.numel(), seed, draw, mean, std});
}

} // namespace

void bind_random(py::module_& m) {
  m.def("uniform_", &uniform_, py::arg("input"), py::arg("low"), py::arg("high"), py::arg("seed"),
        py::arg("draw"));
  m.def("normal_", &normal_, py::arg("input"), py::arg("mean"), py::arg("std"), py::arg("seed"),
        py::arg("draw"));
}

} // namespace fastdl
