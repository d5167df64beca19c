#include "ops/copy.h"

#include "core/check.h"
#include "core/elementwise.h"
#include "core/operand.h"

namespace py = pybind11;

namespace fastdl {

void copy_into(const Tensor& target, const Tensor& source) {
  const CopyParams params{strided<2>({&target, &source}), source.dtype};
  launch(Op::copy, target.dtype, {&target, &source}, params, blocks(params.at.numel));
}

Tensor contiguous(const Tensor& x) {
  if (x.is_contiguous())
    return x;
  Tensor out = empty(x.shape, x.dtype);
  copy_into(out, x);
  return out;
}

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype == dtype)
    return x;
  Tensor out = empty(x.shape, dtype);
  copy_into(out, x);
  return out;
}

void fill(const char* op, const Tensor& target, const Operand& value) {
  require<TypeError>(!value.tensor, op, ": value: expected a number, got a Tensor");
  FillParams params{strided<1>({&target}), value.real, value.integer};
  if (target.dtype == DType::boolean)
    params.integer = value.real != 0;
  else if (value.kind == DType::float32)
    params.integer = static_cast<int64_t>(value.real);
  launch(Op::fill, target.dtype, {&target}, params, blocks(params.at.numel));
}

namespace {

Tensor clone(const Tensor& x) {
  Tensor out = empty(x.shape, x.dtype);
  copy_into(out, x);
  return out;
}

void copy_(const Tensor& target, const Tensor& source) {
  require_writable("copy_", target);
  Tensor from = expand("copy_", source, target.shape);
  if (share_memory(target, from))
    from = clone(from); // the two may overlap
  copy_into(target, from);
}

void fill_(const Tensor& target, const Operand& value) {
  require_writable("fill_", target);
  fill("fill_", target, value);
}

Tensor full(const Dims& shape, const Operand& value, DType dtype) {
  Tensor out = empty(shape, dtype);
  fill("full", out, value);
  return out;
}

} // namespace

void bind_copy(py::module_& m) {
  m.def("empty", &empty, py::arg("shape"), py::arg("dtype"));
  m.def("full", &full, py::arg("shape"), py::arg("value"), py::arg("dtype"));
  m.def("clone", &clone, py::arg("input"));
  m.def("contiguous", &contiguous, py::arg("input"));
  m.def("cast", &cast, py::arg("input"), py::arg("dtype"));
  m.def("copy_", &copy_, py::arg("target"), py::arg("source"));
  m.def("fill_", &fill_, py::arg("target"), py::arg("value"));
}

} // namespace fastdl
