// The update of Adam for one element, or a vector of them.
#pragma once
#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/simd.h"
#endif
#include "ops/adam.h"

namespace fastdl {
namespace FASTDL_ISA {

// What is the same for all elements of a parameter.
template <class T> struct AdamRule {
  T beta1, gain1, beta2, gain2, eps, weight_decay, shrink, step_size, correction;
  bool slow, decoupled, decays, maximize;
};

template <class T> FASTDL_INLINE AdamRule<T> adam_rule(const AdamHyper& h, const AdamCount& count) {
  AdamRule<T> rule;
  rule.beta1 = T(h.beta1), rule.gain1 = T(1 - h.beta1), rule.slow = h.beta1 > 0.5;
  rule.beta2 = T(h.beta2), rule.gain2 = T(1 - h.beta2);
  rule.eps = T(h.eps), rule.weight_decay = T(h.weight_decay);
  rule.shrink = T(1 - h.lr * h.weight_decay);
  rule.step_size = T(count.step_size), rule.correction = T(1 / count.correction);
  rule.decays = h.weight_decay != 0, rule.decoupled = h.decoupled != 0;
  rule.maximize = h.maximize != 0;
  return rule;
}

FASTDL_INLINE void adam_advance(const AdamHyper& h, AdamCount& count) {
  count.step += 1;
  count.step_size = h.lr / (1 - power_of(h.beta1, count.step));
  count.correction = sqrt(1 - power_of(h.beta2, count.step));
}

template <class V, class T> FASTDL_INLINE void adam_decay(V* p, V* g, const AdamRule<T>& rule) {
  if (rule.maximize)
    *g = -*g;
  if (rule.decoupled)
    *p = *p * constant<V>(rule.shrink);
  else if (rule.decays)
    *g = *g + *p * constant<V>(rule.weight_decay);
}

// Between m and g, from the nearer end: exactly g for beta1 = 0.
template <class V, class T> FASTDL_INLINE V adam_first_moment(V m, V g, const AdamRule<T>& rule) {
  return rule.slow ? m + (g - m) * constant<V>(rule.gain1) : g - (g - m) * constant<V>(rule.beta1);
}
template <class V, class T> FASTDL_INLINE V adam_second_moment(V v, V g, const AdamRule<T>& rule) {
  return v * constant<V>(rule.beta2) + g * constant<V>(rule.gain2) * g;
}
template <class V, class T> FASTDL_INLINE V adam_move(V p, V m, V v, const AdamRule<T>& rule) {
  const V scale = sqrt(v) * constant<V>(rule.correction) + constant<V>(rule.eps);
  return p - m * constant<V>(rule.step_size) / scale;
}

} // namespace FASTDL_ISA
} // namespace fastdl
