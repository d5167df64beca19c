#include "ops/activation.h"

#include "core/cache.h"
#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

template <Op op> Tensor activation(const Tensor& input, double a, double b, double c) {
  require_float(info(op).name, "input", input);
  const Tensor x = contiguous(input), out = empty(x.shape, x.dtype);
  const ActivationParams params{x.numel(), a, b, c, beyond_cache(out)};
  launch(op, x.dtype, {&out, &x}, params, blocks(params.numel));
  return out;
}

template <Op op>
Tensor activation_backward(const Tensor& grad, const Tensor& input, double a, double b, double c) {
  const char* name = info(op).name;
  require_float(name, "input", input);
  require_same_dtype(name, "grad", grad, input.dtype);
  require(grad.shape == input.shape, name, ": grad: expected shape ", input.shape, ", got ",
          grad.shape);
  const Tensor g = contiguous(grad), x = contiguous(input), out = empty(x.shape, x.dtype);
  const ActivationParams params{x.numel(), a, b, c, beyond_cache(out)};
  launch(op, x.dtype, {&out, &g, &x}, params, blocks(params.numel));
  return out;
}

} // namespace

void bind_activation(py::module_& m) {
  const auto def = [&](const char* name, auto forward, const char* backward_name, auto backward) {
    m.def(name, forward, py::arg("input"), py::arg("a"), py::arg("b") = 1.0, py::arg("c") = 1.0);
    m.def(backward_name, backward, py::arg("grad"), py::arg("input"), py::arg("a"),
          py::arg("b") = 1.0, py::arg("c") = 1.0);
  };
  def("leaky_relu", &activation<Op::leaky_relu>, "leaky_relu_backward",
      &activation_backward<Op::leaky_relu_backward>);
  m.def("gate_backward", &activation_backward<Op::gate_backward>, py::arg("grad"), py::arg("input"),
        py::arg("a"), py::arg("b"), py::arg("c") = 0.0);
  def("elu", &activation<Op::elu>, "elu_backward", &activation_backward<Op::elu_backward>);
}

} // namespace fastdl
