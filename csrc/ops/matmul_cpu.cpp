#include "ops/matmul.h"

namespace fastdl {
namespace FASTDL_ISA {

void register_matmul(KernelTable& table) {
  constexpr Op ops[] = {Op::matmul, Op::linear};
  for (const Op op : ops) {
    table.set(op, DType::float32, multiply_matrices<float>);
    table.set(op, DType::float64, multiply_matrices<double>);
  }
}

} // namespace FASTDL_ISA
} // namespace fastdl
