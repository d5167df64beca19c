#include "ops/search.h"

#include "core/scalar.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T> FASTDL_INLINE bool goes_before(T a, T b) { return a < b || (b != b && a == a); }

// How many of the n sorted elements go before x (with `right`: x does not go before them).
template <bool right, class T> FASTDL_INLINE int64_t place(const T* sequence, int64_t n, T x) {
  const T* from = sequence;
  while (n > 0) { // without branches: they would be guessed wrong half of the time
    const int64_t half = (n + 1) / 2;
    const T y = from[half - 1];
    const bool before = right ? !goes_before(x, y) : goes_before(y, x);
    from += before ? half : 0;
    n = before ? n - half : half - 1;
  }
  return from - sequence;
}

template <class T>
void searchsorted(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SearchParams*>(params);
  auto* out = static_cast<int64_t*>(operands[0]);
  const T* input = static_cast<const T*>(operands[1]);
  const T* sequences = static_cast<const T*>(operands[2]);
  const int64_t stop = end * kBlock < p.numel ? end * kBlock : p.numel;
  for (int64_t i = begin * kBlock; i < stop; ++i) {
    const T* sequence = sequences + i / p.inner * p.length;
    out[i] = p.right ? place<true>(sequence, p.length, input[i])
                     : place<false>(sequence, p.length, input[i]);
  }
}

} // namespace

void register_search(KernelTable& table) {
#define X(name, type) table.set(Op::searchsorted, DType::name, searchsorted<type>);
  FASTDL_DTYPES(X)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
