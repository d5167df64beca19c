#include "ops/binary.h"

#include "core/cache.h"
#include "core/check.h"
#include "core/elementwise.h"
#include "core/operand.h"
#include "core/py_call.h"

namespace py = pybind11;

namespace fastdl {
namespace {

enum class Kind { arithmetic, floats, comparison, logical };

Kind kind_of(Op op) {
  switch (op) {
  case Op::atan2:
  case Op::copysign:
  case Op::div:
  case Op::hypot:
  case Op::logaddexp:
  case Op::logaddexp2:
  case Op::xlogy:
    return Kind::floats;
  case Op::eq:
  case Op::ne:
  case Op::lt:
  case Op::le:
  case Op::gt:
  case Op::ge:
    return Kind::comparison;
  case Op::logical_and:
  case Op::logical_or:
  case Op::logical_xor:
    return Kind::logical;
  default:
    return Kind::arithmetic;
  }
}

// out, if given, receives the result in place.
Tensor compute(Op op, const Tensor& a, const Tensor& b, DType result, const Tensor* target) {
  const char* name = info(op).name;
  const Dims shape = a.shape == b.shape ? a.shape : broadcast_shapes(name, a.shape, b.shape);
  Tensor expanded[2]; // a copy of a Tensor costs as much as the arithmetic of a small one
  const Tensor& x = a.shape == shape ? a : expanded[0] = expand(name, a, shape);
  const Tensor& y = b.shape == shape ? b : expanded[1] = expand(name, b, shape);
  if (target)
    require(shape == target->shape, name, "_: the result of shape ", shape,
            " does not fit into a tensor of shape ", target->shape);
  const Tensor out = target ? *target : empty(shape, result);
  // In place the old values have been read into the caches anyway.
  const BinaryParams params{strided<3>({&out, &x, &y}), !target && beyond_cache(out)};
  launch(op, x.dtype, {&out, &x, &y}, params, blocks(params.at.numel));
  return out;
}

Tensor binary(Op op, const Operand& a, const Operand& b) {
  const Kind kind = kind_of(op);
  require<TypeError>(a.tensor || b.tensor, info(op).name, ": expected at least one Tensor");
  DType dtype = result_type(a, b);
  if (kind == Kind::floats && !is_float(dtype))
    dtype = DType::float32;
  if (kind == Kind::logical)
    dtype = DType::boolean;
  const bool boolean = kind == Kind::comparison || kind == Kind::logical;
  Tensor converted[2];
  const auto in_dtype = [dtype](const Operand& x, Tensor& made) -> const Tensor& {
    return x.tensor && x.tensor->dtype == dtype ? *x.tensor : made = as_tensor(x, dtype);
  };
  return compute(op, in_dtype(a, converted[0]), in_dtype(b, converted[1]),
                 boolean ? DType::boolean : dtype, nullptr);
}

// In one buffer: of two arguments of a compiled step that are at one place, others may not be.
bool same_place(const Tensor& a, const Tensor& b) {
  return a.buffer.get() == b.buffer.get() && a.offset == b.offset && a.shape == b.shape &&
         a.strides == b.strides;
}

// a op= b; the result must have a's dtype category and shape.
void in_place(Op op, const Tensor& a, const Operand& b) {
  const char* name = info(op).name;
  const Kind kind = kind_of(op);
  require_writable(name, a);
  const DType dtype = result_type({&a, 0, 0, DType::float32}, b);
  const bool fits = dtype == a.dtype || (is_float(dtype) && is_float(a.dtype)) ||
                    (!is_float(dtype) && !is_float(a.dtype) && a.dtype != DType::boolean);
  require<TypeError>(fits && (kind != Kind::floats || is_float(a.dtype)), name,
                     "_: a result of dtype ",
                     name_of(kind == Kind::floats ? DType::float32 : dtype),
                     " cannot be kept in a tensor of dtype ", name_of(a.dtype));
  Tensor other = as_tensor(b, dtype);
  if (dtype != a.dtype) { // computed in the wider dtype, as out of place
    require(broadcast_shapes(name, a.shape, other.shape) == a.shape, name,
            "_: the result of shape ", broadcast_shapes(name, a.shape, other.shape),
            " does not fit into a tensor of shape ", a.shape);
    copy_into(a, compute(op, cast(a, dtype), other, dtype, nullptr));
    return;
  }
  // An operand that shares the target's memory at another place is read before it is written.
  if (share_memory(other, a) && !same_place(other, a))
    other = clone(other);
  compute(op, a, other, a.dtype, &a);
}

} // namespace

void bind_binary(py::module_& m) {
  for (int i = 0; i < static_cast<int>(Op::count); ++i) {
    const Op op = static_cast<Op>(i);
    if (info(op).stem != std::string("binary"))
      continue;
    m.def(
        info(op).name, [op](const Operand& a, const Operand& b) { return binary(op, a, b); },
        py::arg("input"), py::arg("other"));
    call_directly(op, 2, [](Op op, const Tensor* const* x) {
      return binary(op, Operand{x[0]}, Operand{x[1]});
    });
    if (kind_of(op) == Kind::arithmetic || kind_of(op) == Kind::floats) {
      const std::string name = std::string(info(op).name) + "_";
      m.def(
          name.c_str(), [op](const Tensor& a, const Operand& b) { in_place(op, a, b); },
          py::arg("input"), py::arg("other"));
    }
  }
  m.def("result_type", &result_type, py::arg("input"), py::arg("other"));
}

} // namespace fastdl
