#include "ops/unary.h"

#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

template <Op op>
Tensor unary(const Tensor& input) {
  Tensor out = empty(input.shape, input.dtype);
  const UnaryParams params{strided<2>({&out, &input})};
  launch(op, input.dtype, {&out, &input}, params, blocks(params.at.numel));
  return out;
}

// Integers and bools are computed as float32, as in PyTorch.
template <Op op>
Tensor unary_float(const Tensor& input) {
  return unary<op>(is_float(input.dtype) ? input : cast(input, DType::float32));
}

}  // namespace

void bind_unary(py::module_& m) {
#define X(name) m.def(#name, &unary<Op::name>, py::arg("input"));
  X(neg) X(abs) X(sign) X(relu) X(logical_not)
#undef X
#define X(name) m.def(#name, &unary_float<Op::name>, py::arg("input"));
  X(sqrt) X(reciprocal) X(exp) X(expm1) X(log) X(log1p) X(tanh) X(sigmoid) X(softplus)
  X(logsigmoid)
#undef X
}

}  // namespace fastdl
