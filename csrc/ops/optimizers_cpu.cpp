#include "core/arena_loops.h"
#include "ops/optimizers_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <template <class> class Rule, class T>
void rule_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const RuleHyper& hyper = *static_cast<const RuleHyper*>(operands[0]);
  const auto* counts = static_cast<const RuleCount*>(operands[1]);
  const auto* segments = static_cast<const Segment*>(operands[2]);
  auto* values = static_cast<T*>(operands[3]);
  void* const* gradients = operands + 7;
  const Decay<T> decay = Decay<T>::of(hyper);
  const int64_t n = static_cast<const ArenaParams*>(params)->segments;
  for_segments(segments, n, gradients, begin, end, [&](int64_t i, int64_t first, int64_t last) {
    const Rule<T> rule = Rule<T>::of(hyper, counts[i]);
    T* p = values + first;
    const T* grad = static_cast<const T*>(gradients[i]) + (first - segments[i].begin);
    T* states[3];
    for (int k = 0; k < 3; ++k)
      states[k] = operands[4 + k] ? static_cast<T*>(operands[4 + k]) + first : nullptr;
    for_vectors<T>(last - first, [&](auto read, auto write) {
      Vec<T> x = read(p), g = read(grad), s[3] = {};
      for (int k = 0; k < Rule<T>::states; ++k)
        if (states[k])
          s[k] = read(states[k]);
      Decay<T>::apply(decay, &x, &g);
      write(p, Rule<T>::move(rule, x, g, s));
      for (int k = 0; k < Rule<T>::states; ++k)
        if (states[k])
          write(states[k], s[k]);
    });
  });
}

template <void (*Count)(const RuleHyper&, RuleCount&)>
void count_kernel(void* const* operands, const void* params, int64_t, int64_t) {
  const RuleHyper& hyper = *static_cast<const RuleHyper*>(operands[0]);
  auto* counts = static_cast<RuleCount*>(operands[1]);
  const int64_t n = static_cast<const ArenaParams*>(params)->segments;
  for (int64_t i = 0; i < n; ++i)
    if (operands[2 + i])
      Count(hyper, counts[i]);
}

} // namespace

void register_optimizers(KernelTable& table) {
#define X(name, Rule, count)                                                                       \
  table.set(Op::name, DType::float32, rule_kernel<Rule, float>);                                   \
  table.set(Op::name, DType::float64, rule_kernel<Rule, double>);
  FASTDL_RULES(X)
#undef X
  table.set(Op::count_step, DType::float64, count_kernel<count_step>);
  table.set(Op::count_nadam_step, DType::float64, count_kernel<count_nadam_step>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
