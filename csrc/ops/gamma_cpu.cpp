#include "ops/gamma.h"

#include "ops/gamma_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void sample(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const GammaParams*>(params);
  T* out = static_cast<T*>(operands[0]);
  const T* concentration = static_cast<const T*>(operands[1]);
  for (int64_t i = begin; i < end; ++i)
    out[i] = static_cast<T>(standard_gamma_log({p.seed, p.draw}, i, double(concentration[i])));
}

template <class T> void slope(void* const* operands, const void*, int64_t begin, int64_t end) {
  T* out = static_cast<T*>(operands[0]);
  const T *log = static_cast<const T*>(operands[1]), *a = static_cast<const T*>(operands[2]);
  for (int64_t i = begin; i < end; ++i)
    out[i] = static_cast<T>(standard_gamma_log_slope(double(log[i]), double(a[i])));
}

} // namespace

void register_gamma(KernelTable& table) {
  table.set(Op::standard_gamma_log, DType::float32, sample<float>);
  table.set(Op::standard_gamma_log, DType::float64, sample<double>);
  table.set(Op::standard_gamma_log_slope, DType::float32, slope<float>);
  table.set(Op::standard_gamma_log_slope, DType::float64, slope<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
