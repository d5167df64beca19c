#include "ops/copy.h"

#include <limits>

#include "core/cache.h"
#include "core/check.h"
#include "core/elementwise.h"
#include "core/operand.h"

namespace py = pybind11;

namespace fastdl {

void copy_into(const Tensor& target, const Tensor& source) {
  const CopyParams params{strided<2>({&target, &source}), source.dtype, beyond_cache(target)};
  launch(Op::copy, target.dtype, {&target, &source}, params, blocks(params.at.numel));
}

Tensor clone(const Tensor& x) {
  Tensor out = empty(x.shape, x.dtype);
  copy_into(out, x);
  return out;
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }

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
  else if (value.kind == DType::float32 && !is_float(target.dtype))
    params.integer = static_cast<int64_t>(value.real);
  launch(Op::fill, target.dtype, {&target}, params, blocks(params.at.numel));
}

namespace {

// Whether an element of type T can be that number.
template <class T> bool holds(const Operand& number) {
  using Limits = std::numeric_limits<T>;
  if constexpr (is_float(dtype_of<T>) || dtype_of<T> == DType::boolean)
    return true;
  else if (number.kind == DType::float32) // false for NaN; for int64 the bounds are -2^63 and 2^63
    return Limits::min() <= number.real && number.real < static_cast<double>(Limits::max()) + 1;
  else
    return Limits::min() <= number.integer && number.integer <= Limits::max();
}

void require_holds(const char* op, DType dtype, const Operand& number) {
  bool fits = true;
  switch (dtype) {
#define X(name, type)                                                                              \
  case DType::name:                                                                                \
    fits = number.tensor || holds<type>(number);                                                   \
    break;
    FASTDL_DTYPES(X)
#undef X
  }
  const char* expected = ": value: expected a number that fits into ";
  require(fits || number.kind == DType::float32, op, expected, name_of(dtype), ", got ",
          number.integer);
  require(fits, op, expected, name_of(dtype), ", got ", number.real);
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
  require_holds("fill_", target.dtype, value);
  fill("fill_", target, value);
}

Tensor full(const Dims& shape, const Operand& value, DType dtype) {
  require_holds("full", dtype, value);
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
