#include "ops/where.h"

#include "core/loops.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void where(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const Strided<4>& s = static_cast<const WhereParams*>(params)->at;
  const int last = s.ndim - 1;
  const int64_t so = s.stride[0][last], sc = s.stride[1][last], sa = s.stride[2][last],
                sb = s.stride[3][last];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t n) {
    T* out = static_cast<T*>(operands[0]) + offset[0];
    const bool* condition = static_cast<const bool*>(operands[1]) + offset[1];
    const T* a = static_cast<const T*>(operands[2]) + offset[2];
    const T* b = static_cast<const T*>(operands[3]) + offset[3];
    for (int64_t i = 0; i < n; ++i)
      out[i * so] = condition[i * sc] ? a[i * sa] : b[i * sb];
  });
}

} // namespace

void register_where(KernelTable& table) {
#define X(name, type) table.set(Op::where, DType::name, where<type>);
  FASTDL_DTYPES(X)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
