#include "ops/triangle.h"

#include "core/simd.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T, bool upper>
void triangle(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const TriangleParams*>(params);
  for (int64_t row = begin; row < end; ++row) {
    T* out = static_cast<T*>(operands[0]) + row * p.columns;
    const T* in = static_cast<const T*>(operands[1]) + row * p.columns;
    int64_t cut = row % p.rows + p.diagonal + !upper; // where one side ends and the other begins
    cut = cut < 0 ? 0 : cut > p.columns ? p.columns : cut;
    const int64_t first = upper ? cut : 0, last = upper ? p.columns : cut;
    __builtin_memset(out, 0, static_cast<uint64_t>(first) * sizeof(T));
    __builtin_memcpy(out + first, in + first, static_cast<uint64_t>(last - first) * sizeof(T));
    __builtin_memset(out + last, 0, static_cast<uint64_t>(p.columns - last) * sizeof(T));
  }
}

} // namespace

void register_triangle(KernelTable& table) {
#define X(name, type)                                                                              \
  table.set(Op::tril, DType::name, triangle<type, false>);                                         \
  table.set(Op::triu, DType::name, triangle<type, true>);
  FASTDL_DTYPES(X)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
