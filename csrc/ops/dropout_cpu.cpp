#include "ops/dropout.h"

#include "ops/dropout_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// One vector of n elements, or what there is of it.
template <class T>
FASTDL_INLINE void drop(T* out, const T* in, mask_of<Vec<T>> dropped, T scale, int64_t n) {
  if (n >= lanes<T>)
    store(out, dropout(load(in), dropped, scale));
  else if (n > 0)
    store_partial(out, dropout(load_partial(in, n), dropped, scale), n);
}

// A block begins at a multiple of four elements, so a vector of words never straddles one.
template <class T>
void dropout_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const DropoutParams*>(params);
  const int64_t first = begin * kBlock, last = end * kBlock < p.numel ? end * kBlock : p.numel;
  const T scale = static_cast<T>(1 / (1 - p.p));
  const uint64_t threshold = bernoulli_threshold(p.p);
  constexpr int64_t W = lanes<uint32_t>, L = lanes<T>;
  for (int64_t i = first; i < last; i += 2 * W) {
    const VecPair<uint32_t> words = philox_words({p.seed, p.draw}, i / 4);
    const Vec<uint32_t> halves[] = {words.low, words.high};
    for (int64_t h = 0; h < 2; ++h) {
      const Vec<int32_t> dropped = bernoulli(halves[h], threshold);
      const int64_t at = i + h * W, n = last - at;
      T* out = static_cast<T*>(operands[0]) + at;
      const T* in = static_cast<const T*>(operands[1]) + at;
      if constexpr (sizeof(T) == 4) {
        drop(out, in, dropped, scale, n);
      } else {
        drop(out, in, widen_mask_low(dropped), scale, n);
        drop(out + L, in + L, widen_mask_high(dropped), scale, n - L);
      }
    }
  }
}

} // namespace

void register_dropout(KernelTable& table) {
  table.set(Op::dropout, DType::float32, dropout_kernel<float>);
  table.set(Op::dropout, DType::float64, dropout_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
