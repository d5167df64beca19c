#include "ops/random.h"

#include "ops/random_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// transform(Vec<T>) turns standard draws, as generate(first block) gives them, into those asked
// for.
template <class T, class Generate, class Transform>
void fill(void* const* operands, const RandomParams& p, int64_t begin, int64_t end,
          Generate generate, Transform transform) {
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

} // namespace

void register_random(KernelTable& table) {
  table.set(Op::uniform, DType::float32, uniform_kernel<float>);
  table.set(Op::uniform, DType::float64, uniform_kernel<double>);
  table.set(Op::normal, DType::float32, normal_kernel<float>);
  table.set(Op::normal, DType::float64, normal_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
