#include "ops/binary.h"

#include "core/loops.h"
#include "ops/binary_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

#define DEFINE(Out, name, formula)                                                                 \
  template <class T>                                                                               \
  void name##_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {      \
    const auto& p = *static_cast<const BinaryParams*>(params);                                     \
    map<Out, T>(                                                                                   \
        operands, p.at, begin, end, [](T a, T b) -> Out { return formula; }, p.past_cache);        \
  }
#define X(name, formula) DEFINE(T, name, formula)
FASTDL_BINARY_ARITHMETIC(X)
FASTDL_BINARY_FLOAT(X)
#undef X
#define X(name, formula) DEFINE(bool, name, formula)
FASTDL_BINARY_COMPARE(X)
FASTDL_BINARY_LOGICAL(X)
#undef X

#define X(name, formula)                                                                           \
  template <class T>                                                                               \
  void name##_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {      \
    map_plainly<T, T>(operands, static_cast<const BinaryParams*>(params)->at, begin, end,          \
                      [](T a, T b) -> T { return formula; });                                      \
  }
FASTDL_BINARY_DIVISION(X)
FASTDL_BINARY_SLOW(X)
FASTDL_BINARY_BITS(X)
#undef X

template <class T> void register_arithmetic(KernelTable& table) {
#define X(name, formula) table.set(Op::name, dtype_of<T>, name##_kernel<T>);
  FASTDL_BINARY_ARITHMETIC(X)
  FASTDL_BINARY_DIVISION(X)
#undef X
}

template <class T> void register_bits(KernelTable& table) {
#define X(name, formula) table.set(Op::name, dtype_of<T>, name##_kernel<T>);
  FASTDL_BINARY_BITS(X)
#undef X
}

template <class T> void register_compare(KernelTable& table) {
#define X(name, formula) table.set(Op::name, dtype_of<T>, name##_kernel<T>);
  FASTDL_BINARY_COMPARE(X)
#undef X
}

} // namespace

void register_binary(KernelTable& table) {
  register_arithmetic<float>(table);
  register_arithmetic<double>(table);
  register_arithmetic<int64_t>(table);
  register_arithmetic<int32_t>(table);
  register_arithmetic<uint8_t>(table);
  register_compare<float>(table);
  register_compare<double>(table);
  register_compare<int64_t>(table);
  register_compare<int32_t>(table);
  register_compare<uint8_t>(table);
  register_compare<bool>(table);
  register_bits<int64_t>(table);
  register_bits<int32_t>(table);
  register_bits<uint8_t>(table);
#define X(name, formula)                                                                           \
  table.set(Op::name, DType::float32, name##_kernel<float>);                                       \
  table.set(Op::name, DType::float64, name##_kernel<double>);
  FASTDL_BINARY_FLOAT(X)
  FASTDL_BINARY_SLOW(X)
#undef X
#define X(name, formula) table.set(Op::name, DType::boolean, name##_kernel<bool>);
  FASTDL_BINARY_LOGICAL(X)
#undef X
  table.set(Op::bitwise_and, DType::boolean, logical_and_kernel<bool>);
  table.set(Op::bitwise_or, DType::boolean, logical_or_kernel<bool>);
  table.set(Op::bitwise_xor, DType::boolean, logical_xor_kernel<bool>);
  // Arithmetic of bools as in PyTorch, which has no difference of them either.
  table.set(Op::add, DType::boolean, logical_or_kernel<bool>);
  table.set(Op::mul, DType::boolean, logical_and_kernel<bool>);
  table.set(Op::maximum, DType::boolean, logical_or_kernel<bool>);
  table.set(Op::minimum, DType::boolean, logical_and_kernel<bool>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
