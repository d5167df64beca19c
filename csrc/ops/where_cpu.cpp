#include "ops/where.h"

#include "core/loops.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void where(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const WhereParams*>(params);
  const Strided<4>& s = p.at;
  const int last = s.ndim - 1;
  const int64_t so = s.stride[0][last], sc = s.stride[1][last], sa = s.stride[2][last],
                sb = s.stride[3][last];
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t run) {
    T* out = static_cast<T*>(operands[0]) + offset[0];
    const auto* condition = static_cast<const uint8_t*>(operands[1]) + offset[1]; // bools
    const T* a = static_cast<const T*>(operands[2]) + offset[2];
    const T* b = static_cast<const T*>(operands[3]) + offset[3];
    if (so == 1 && sc == 1 && sa == 1 && sb == 1)
      write_pieces(out, run, p.past_cache, [&](T* to, int64_t at, int64_t n) {
        const uint8_t* mask = condition + at;
        const T *x = a + at, *y = b + at;
        if (p.past_cache) {
          prefetch_piece(mask);
          prefetch_piece(x);
          prefetch_piece(y);
        }
        for (int64_t i = 0; i < n; ++i) {
          const T u = x[i], v = y[i]; // both are read, so that this becomes a blend
          to[i] = mask[i] ? u : v;
        }
      });
    else if (so == 1 && sc == 1 && ((sa == 0 && sb == 1) || (sa == 1 && sb == 0)))
      write_pieces(out, run, p.past_cache, [&](T* to, int64_t at, int64_t n) {
        const uint8_t* mask = condition + at;
        const T* x = (sa ? a : b) + at;
        const T value = sa ? *b : *a;
        const bool kept = sa; // the mask at which x is taken
        if (p.past_cache) {
          prefetch_piece(mask);
          prefetch_piece(x);
        }
        for (int64_t i = 0; i < n; ++i) {
          const T u = x[i];
          to[i] = (mask[i] != 0) == kept ? u : value;
        }
      });
    else
      for (int64_t i = 0; i < run; ++i)
        out[i * so] = condition[i * sc] ? a[i * sa] : b[i * sb];
  });
  if (p.past_cache)
    fence();
}

} // namespace

void register_where(KernelTable& table) {
#define X(name, type) table.set(Op::where, DType::name, where<type>);
  FASTDL_DTYPES(X)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
