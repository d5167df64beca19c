#include "ops/poisson.h"

#include "ops/poisson_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void poisson_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const PoissonParams*>(params);
  T* out = static_cast<T*>(operands[0]);
  const T* rates = static_cast<const T*>(operands[1]);
  for (int64_t i = begin; i < end; ++i) {
    const double rate = static_cast<double>(rates[i]);
    if (!(rate >= 0 && rate < infinity<double>())) [[unlikely]]
      raise_bad_rate(i, rate);
    out[i] = static_cast<T>(poisson({p.seed, p.draw}, i, rate));
  }
}

} // namespace

void register_poisson(KernelTable& table) {
  table.set(Op::poisson, DType::float32, poisson_kernel<float>);
  table.set(Op::poisson, DType::float64, poisson_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
