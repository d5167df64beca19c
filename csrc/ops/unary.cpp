#include "ops/unary.h"

#include "core/cache.h"
#include "core/elementwise.h"
#include "core/py_call.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

bool is_predicate(Op op) {
  return op == Op::isnan || op == Op::isinf || op == Op::isfinite || op == Op::signbit;
}

Tensor unary(Op op, const Tensor& input) {
  // A function of floats takes integers and bools as float32, as in PyTorch.
  const bool floats_only =
      !is_float(input.dtype) && op != Op::logical_not && !find_kernel(op, DType::int64);
  Tensor converted;
  const Tensor& in = floats_only ? converted = cast(input, DType::float32) : input;
  Tensor out = empty(in.shape, is_predicate(op) ? DType::boolean : in.dtype);
  const UnaryParams params{strided<2>({&out, &in}), beyond_cache(out)};
  launch(op, in.dtype, {&out, &in}, params, blocks(params.at.numel));
  return out;
}

} // namespace

void bind_unary(py::module_& m) {
  for (int i = 0; i < static_cast<int>(Op::count); ++i) {
    const Op op = static_cast<Op>(i);
    if (info(op).stem != std::string("unary"))
      continue;
    m.def(info(op).name, [op](const Tensor& input) { return unary(op, input); }, py::arg("input"));
    call_directly(op, 1, [](Op op, const Tensor* const* x) { return unary(op, *x[0]); });
  }
}

} // namespace fastdl
