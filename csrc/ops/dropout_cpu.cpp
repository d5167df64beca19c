#include "ops/dropout.h"

#include "core/write.h"
#include "ops/dropout_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

constexpr int64_t W = lanes<uint32_t>;
constexpr int kChains = FASTDL_VECTOR_BYTES == 64 ? 4 : 3; // as many as the registers hold

// put(offset, dropped) gets the vectors of masks of T of 2 W elements.
template <class T, class Put>
FASTDL_INLINE void masks(const VecPair<uint32_t>& words, uint32_t threshold, Put put) {
  const Vec<int32_t> low = words.low < threshold, high = words.high < threshold;
  if constexpr (sizeof(T) == 4) {
    put(0, low);
    put(W, high);
  } else {
    put(0, widen_mask_low(low));
    put(W / 2, widen_mask_high(low));
    put(W, widen_mask_low(high));
    put(W + W / 2, widen_mask_high(high));
  }
}

// Elements [first, last), where `first` is a multiple of kBlock: so whole vectors of words lie in a
// Philox block each, and what is stored at whole vectors is aligned.
template <class T, bool past_cache>
FASTDL_INLINE void drop(T* out, const T* in, const DropoutParams& p, uint32_t threshold, T scale,
                        int64_t first, int64_t last) {
  const PhiloxDraw rng({p.seed, p.draw});
  int64_t i = first;
  for (; i + kChains * 2 * W <= last; i += kChains * 2 * W) {
    VecPair<uint32_t> words[kChains];
    philox_words<kChains>(rng, uint64_t(i) / 4, words);
    for (int k = 0; k < kChains; ++k)
      masks<T>(words[k], threshold, [&](int64_t offset, auto dropped) {
        const int64_t at = i + k * 2 * W + offset;
        if constexpr (past_cache)
          prefetch(in + at + 512);
        const Vec<T> y = dropout(load(in + at), dropped, scale);
        if constexpr (past_cache)
          stream(out + at, y);
        else
          store(out + at, y);
      });
  }
  for (; i < last; i += 2 * W)
    masks<T>(philox_words(rng, uint64_t(i) / 4), threshold, [&](int64_t offset, auto dropped) {
      const int64_t at = i + offset, left = last - at, n = left < lanes<T> ? left : lanes<T>;
      if (n > 0)
        store_partial(out + at, dropout(load_partial(in + at, n), dropped, scale), n);
    });
}

template <class T>
void dropout_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const DropoutParams p = *static_cast<const DropoutParams*>(params);
  const int64_t first = begin * kBlock, last = end * kBlock < p.numel ? end * kBlock : p.numel;
  T* out = static_cast<T*>(operands[0]);
  const T* in = static_cast<const T*>(operands[1]);
  const T scale = static_cast<T>(1 / (1 - p.p));
  const uint64_t threshold = bernoulli_threshold(p.p);
  if (threshold == 0) // nothing to draw where the outcome is certain
    write_run(out + first, last - first, p.past_cache, [&](int64_t i, int64_t n) {
      prefetch(in + first + i + 512);
      return load_some(in + first + i, n) * splat(scale);
    });
  else if (threshold > UINT32_MAX)
    write_run(out + first, last - first, p.past_cache, [](int64_t, int64_t) { return Vec<T>{}; });
  else if (p.past_cache)
    drop<T, true>(out, in, p, uint32_t(threshold), scale, first, last);
  else
    drop<T, false>(out, in, p, uint32_t(threshold), scale, first, last);
  if (p.past_cache)
    fence();
}

} // namespace

void register_dropout(KernelTable& table) {
  table.set(Op::dropout, DType::float32, dropout_kernel<float>);
  table.set(Op::dropout, DType::float64, dropout_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
