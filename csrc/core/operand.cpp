#include "core/operand.h"

namespace fastdl {
namespace {

int category(DType dtype) { return is_float(dtype) ? 2 : dtype == DType::boolean ? 0 : 1; }

DType dtype_of_operand(const Operand& o) { return o.tensor ? o.tensor->dtype : o.kind; }

// Python number 0, 0-d tensor 1, tensor with dimensions 2.
int weight(const Operand& o) { return !o.tensor ? 0 : o.tensor->ndim() ? 2 : 1; }

DType wider(DType a, DType b) {
  if (a == b)
    return a;
  if (category(a) != category(b))
    return category(a) > category(b) ? a : b;
  if (category(a) == 2)
    return DType::float64;
  return a == DType::int64 || b == DType::int64 ? DType::int64 : DType::int32;
}

} // namespace

DType result_type(const Operand& a, const Operand& b) {
  const DType x = dtype_of_operand(a), y = dtype_of_operand(b);
  if (weight(a) == weight(b) || category(x) == category(y)) {
    if (weight(a) == weight(b))
      return wider(x, y);
    return weight(a) > weight(b) ? x : y;
  }
  return category(x) > category(y) ? x : y;
}

Tensor as_tensor(const Operand& operand, DType dtype) {
  if (operand.tensor)
    return cast(*operand.tensor, dtype);
  Tensor out = empty({}, dtype);
  fill("fill", out, operand);
  return out;
}

} // namespace fastdl
