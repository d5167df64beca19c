#include "ops/copy.h"

#include "core/loops.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class To>
void copy(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const CopyParams*>(params);
  switch (p.source) {
#define X(name, From)                                                                              \
  case DType::name:                                                                                \
    map<To, From>(                                                                                 \
        operands, p.at, begin, end, [](From x) { return static_cast<To>(x); }, p.past_cache);      \
    break;
    FASTDL_DTYPES(X)
#undef X
  }
}

template <class T>
void fill(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const FillParams*>(params);
  const T value = is_float(dtype_of<T>) ? static_cast<T>(p.real) : static_cast<T>(p.integer);
  const int64_t step = p.at.stride[0][p.at.ndim - 1];
  for_runs(p.at, begin, end, [&](const int64_t* offset, int64_t n) {
    T* out = static_cast<T*>(operands[0]) + offset[0];
    if (step == 1)
      write_pieces(out, n, false, [&](T* to, int64_t, int64_t count) {
        for (int64_t i = 0; i < count; ++i)
          to[i] = value;
      });
    else
      for (int64_t i = 0; i < n; ++i)
        out[i * step] = value;
  });
}

} // namespace

void register_copy(KernelTable& table) {
#define X(name, type)                                                                              \
  table.set(Op::copy, DType::name, copy<type>);                                                    \
  table.set(Op::fill, DType::name, fill<type>);
  FASTDL_DTYPES(X)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
