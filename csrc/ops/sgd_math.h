// The update of SGD for one element, or a vector of them.
#pragma once
#include "core/scalar.h"
#include "ops/sgd.h"

namespace fastdl {
namespace FASTDL_ISA {

template <class T> struct SgdRule {
  T lr, momentum, gain, weight_decay;
  bool nesterov, maximize, decays;
};

template <class T> FASTDL_INLINE SgdRule<T> sgd_rule(const SgdHyper& h) {
  return {T(h.lr),         T(h.momentum),   T(1 - h.dampening), T(h.weight_decay),
          h.nesterov != 0, h.maximize != 0, h.weight_decay != 0};
}

// The gradient that the rule goes by before momentum.
template <class V, class T> FASTDL_INLINE V sgd_gradient(V p, V grad, const SgdRule<T>& rule) {
  const V g = rule.maximize ? -grad : grad;
  return rule.decays ? g + p * constant<V>(rule.weight_decay) : g;
}
template <class V, class T>
FASTDL_INLINE V sgd_buffer(V buffer, V g, bool first, const SgdRule<T>& rule) {
  return first ? g : buffer * constant<V>(rule.momentum) + g * constant<V>(rule.gain);
}
template <class V, class T> FASTDL_INLINE V sgd_direction(V buffer, V g, const SgdRule<T>& rule) {
  return rule.nesterov ? g + buffer * constant<V>(rule.momentum) : buffer;
}
template <class V, class T> FASTDL_INLINE V sgd_move(V p, V direction, const SgdRule<T>& rule) {
  return p - direction * constant<V>(rule.lr);
}

} // namespace FASTDL_ISA
} // namespace fastdl
