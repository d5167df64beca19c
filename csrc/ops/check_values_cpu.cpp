#include "ops/check_values.h"

#include "core/simd.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void check_values_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const CheckValuesParams*>(params);
  const T* x = static_cast<const T*>(operands[0]);
  const auto* holds = static_cast<const bool*>(operands[1]);
  const T low = static_cast<T>(p.low), high = static_cast<T>(p.high);
  const auto is_bad = [&](T v) {
    return p.ends ? (v != low) & (v != high) & (v == v) : (v < low) | (v > high);
  };
  if (holds) {
    for (int64_t i = begin * kBlock; i < end * kBlock && i < p.numel; ++i)
      if (!holds[i])
        raise_bad_value(p, i, static_cast<double>(x[i]));
    return;
  }
  for (int64_t block = begin; block < end; ++block) {
    const int64_t first = block * kBlock;
    const int64_t last = first + kBlock < p.numel ? first + kBlock : p.numel;
    bool bad = false; // for a whole block, so that the loop becomes vectors
    for (int64_t i = first; i < last; ++i)
      bad |= is_bad(x[i]);
    for (int64_t i = first; bad && i < last; ++i)
      if (is_bad(x[i]))
        raise_bad_value(p, i, static_cast<double>(x[i]));
  }
}

} // namespace

void register_check_values(KernelTable& table) {
  table.set(Op::check_values, DType::float32, check_values_kernel<float>);
  table.set(Op::check_values, DType::float64, check_values_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
