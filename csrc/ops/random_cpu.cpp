#include "ops/random.h"

#include "ops/random_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// transform(Vec<T>) turns standard draws, as generate(first block) gives them, into those asked
// for.
template <class T, class Params, class Generate, class Transform>
void fill(void* const* operands, const Params& p, int64_t begin, int64_t end, Generate generate,
          Transform transform) {
  const int64_t first = begin * kBlock, last = end * kBlock < p.numel ? end * kBlock : p.numel;
  const PhiloxDraw rng({p.seed, p.draw});
  fill_random(static_cast<T*>(operands[0]) + first, first, last, [&](uint64_t block) {
    const VecPair<T> draws = generate(rng, block);
    return VecPair<T>{transform(draws.low), transform(draws.high)};
  });
}

template <class T>
void uniform_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const RandomParams*>(params);
  const T low = static_cast<T>(p.first), high = static_cast<T>(p.second);
  const T before = low < high ? number_before(high) : low;
  fill<T>(
      operands, p, begin, end,
      [](const PhiloxDraw& rng, uint64_t block) { return uniforms<T>(rng, block); },
      [=](Vec<T> u) { return scale_uniform(u, low, high, before); });
}

template <class T>
void normal_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const RandomParams*>(params);
  const T mean = static_cast<T>(p.first), std = static_cast<T>(p.second);
  fill<T>(
      operands, p, begin, end,
      [](const PhiloxDraw& rng, uint64_t block) { return normals<T>(rng, block); },
      [=](Vec<T> z) { return scale_normal(z, mean, std); });
}

template <class T>
void exponential_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const RandomParams*>(params);
  const T rate = static_cast<T>(p.first);
  using U = uint_of<Vec<T>>;
  fill<T>(
      operands, p, begin, end,
      [](const PhiloxDraw& rng, uint64_t block) {
        const VecPair<uint32_t> words = philox_words(rng, block);
        return VecPair<T>{exponential<Vec<T>>((U)words.low), exponential<Vec<T>>((U)words.high)};
      },
      [=](Vec<T> e) { return e / splat(rate); });
}

void integers_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const IntegersParams*>(params);
  fill<int64_t>(
      operands, p, begin, end,
      [](const PhiloxDraw& rng, uint64_t block) {
        const VecPair<uint32_t> words = philox_words(rng, block);
        return VecPair<int64_t>{(Vec<int64_t>)words.low, (Vec<int64_t>)words.high};
      },
      [=](Vec<int64_t> bits) {
        for (int64_t i = 0; i < lanes<int64_t>; ++i)
          bits[i] = scale_integer(uint64_t(bits[i]), p.low, p.span);
        return bits;
      });
}

template <class T>
void bernoulli_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const BernoulliParams*>(params);
  const PhiloxDraw rng({p.seed, p.draw});
  T* out = static_cast<T*>(operands[0]);
  const T* probability = static_cast<const T*>(operands[1]);
  constexpr int64_t step = 2 * lanes<uint32_t>;
  const int64_t last = end * kBlock < p.numel ? end * kBlock : p.numel;
  for (int64_t first = begin * kBlock; first < last; first += step) {
    uint32_t words[step];
    const VecPair<uint32_t> drawn = philox_words(rng, uint64_t(first) / 4);
    store(words, drawn.low);
    store(words + lanes<uint32_t>, drawn.high);
    const int64_t n = last - first < step ? last - first : step;
    for (int64_t i = 0; i < n; ++i) {
      const double chance = static_cast<double>(probability[(first + i) * p.step]);
      if (!(chance >= 0 && chance <= 1)) [[unlikely]]
        raise_bad_probability(p, first + i, chance);
      out[first + i] = bernoulli(words[i], bernoulli_threshold(chance));
    }
  }
}

} // namespace

void register_random(KernelTable& table) {
  table.set(Op::uniform, DType::float32, uniform_kernel<float>);
  table.set(Op::uniform, DType::float64, uniform_kernel<double>);
  table.set(Op::normal, DType::float32, normal_kernel<float>);
  table.set(Op::normal, DType::float64, normal_kernel<double>);
  table.set(Op::exponential, DType::float32, exponential_kernel<float>);
  table.set(Op::exponential, DType::float64, exponential_kernel<double>);
  table.set(Op::integers, DType::int64, integers_kernel);
  table.set(Op::bernoulli, DType::float32, bernoulli_kernel<float>);
  table.set(Op::bernoulli, DType::float64, bernoulli_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
