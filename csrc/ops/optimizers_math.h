// The rules for one element, or a vector of them.  Each is a struct of what is the same for all
// elements of a parameter, made by of(), and move(), which gives the new p and changes the states
// s.
#pragma once
#ifdef __CUDACC_RTC__
#include "core/scalar.h"
#else
#include "core/simd.h"
#endif
#include "ops/optimizers.h"

namespace fastdl {
namespace FASTDL_ISA {

// What comes before every rule.
template <class T> struct Decay {
  T shrink, weight_decay;
  bool decoupled, decays, maximize;

  FASTDL_INLINE Decay of(const RuleHyper& h) {
    return {T(1 - h.lr * h.weight_decay), T(h.weight_decay), h.decoupled != 0, h.weight_decay != 0,
            h.maximize != 0};
  }
  template <class V> FASTDL_INLINE void apply(const Decay& r, V* p, V* g) {
    if (r.maximize)
      *g = -*g;
    if (r.decoupled)
      *p = *p * constant<V>(r.shrink);
    else if (r.decays)
      *g = *g + *p * constant<V>(r.weight_decay);
  }
};

// beta a + (1 - beta) b, from the nearer end: exactly b for beta = 0.
template <class T> struct Between {
  T beta, gain;
  bool slow;

  FASTDL_INLINE Between of(double beta) { return {T(beta), T(1 - beta), beta > 0.5}; }
  template <class V> FASTDL_INLINE V value(const Between& r, V a, V b) {
    return r.slow ? a + (b - a) * constant<V>(r.gain) : b - (b - a) * constant<V>(r.beta);
  }
};

// beta a + (1 - beta) b b, as PyTorch adds it up.
template <class T> struct MeanSquare {
  T beta, gain;

  FASTDL_INLINE MeanSquare of(double beta) { return {T(beta), T(1 - beta)}; }
  template <class V> FASTDL_INLINE V value(const MeanSquare& r, V a, V b) {
    return a * constant<V>(r.beta) + b * b * constant<V>(r.gain);
  }
};

// own: rho, eps.  s: mean of g^2, mean of d^2, where d = sqrt(s1 + eps) / sqrt(s0 + eps) g.
template <class T> struct Adadelta {
  static constexpr int states = 2;
  MeanSquare<T> mean;
  T eps, lr;

  FASTDL_INLINE Adadelta of(const RuleHyper& h, const RuleCount&) {
    return {MeanSquare<T>::of(h.own[0]), T(h.own[1]), T(h.lr)};
  }
  template <class V> FASTDL_INLINE V move(const Adadelta& r, V p, V g, V* s) {
    const V eps = constant<V>(r.eps);
    s[0] = MeanSquare<T>::value(r.mean, s[0], g);
    const V d = sqrt(s[1] + eps) / sqrt(s[0] + eps) * g;
    s[1] = MeanSquare<T>::value(r.mean, s[1], d);
    return p - d * constant<V>(r.lr);
  }
};

// own: lr_decay, the sum at the beginning, eps.  s: sum of g^2.
template <class T> struct Adagrad {
  static constexpr int states = 1;
  T rate, first, eps;
  bool starts;

  FASTDL_INLINE Adagrad of(const RuleHyper& h, const RuleCount& count) {
    return {T(h.lr / (1 + (count.step - 1) * h.own[0])), T(h.own[1]), T(h.own[2]), count.step == 1};
  }
  template <class V> FASTDL_INLINE V move(const Adagrad& r, V p, V g, V* s) {
    s[0] = (r.starts ? constant<V>(r.first) : s[0]) + g * g;
    return p - g * constant<V>(r.rate) / (sqrt(s[0]) + constant<V>(r.eps));
  }
};

// own: beta1, beta2, eps.  s: mean of g, decaying largest |g| + eps.
template <class T> struct Adamax {
  static constexpr int states = 2;
  Between<T> mean;
  T beta2, eps, rate;

  FASTDL_INLINE Adamax of(const RuleHyper& h, const RuleCount& count) {
    return {Between<T>::of(h.own[0]), T(h.own[1]), T(h.own[2]),
            T(h.lr / (1 - power_of(h.own[0], count.step)))};
  }
  template <class V> FASTDL_INLINE V move(const Adamax& r, V p, V g, V* s) {
    s[0] = Between<T>::value(r.mean, s[0], g);
    s[1] = maximum(s[1] * constant<V>(r.beta2), abs(g) + constant<V>(r.eps));
    return p - s[0] * constant<V>(r.rate) / s[1];
  }
};

// own: decay, or negative for the plain mean.  p is the mean of all g so far.
template <class T> struct Average {
  static constexpr int states = 0;
  Between<T> mean;

  FASTDL_INLINE Average of(const RuleHyper& h, const RuleCount& count) {
    const bool plain = h.own[0] < 0 || count.step == 1;
    return {Between<T>::of(plain ? 1 - 1 / count.step : h.own[0])};
  }
  template <class V> FASTDL_INLINE V move(const Average& r, V p, V g, V*) {
    return Between<T>::value(r.mean, p, g);
  }
};

// own: beta1, beta2, eps, momentum_decay.  s: mean of g, mean of g^2.  With the momentum
// mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2):
//   d = (1 - mu_t) / (1 - mu_1 ... mu_t) g + mu_(t+1) / (1 - mu_1 ... mu_(t+1)) s0
//   p -= lr d / (sqrt(s1 / (1 - beta2^t)) + eps)
FASTDL_INLINE double nadam_momentum(const RuleHyper& h, double t) {
  return h.own[0] * (1 - 0.5 * power_of(0.96, t * h.own[3]));
}
FASTDL_INLINE void count_nadam_step(const RuleHyper& h, RuleCount& count) {
  const double before = count.step == 0 ? 1 : count.product;
  count.step += 1;
  count.product = before * nadam_momentum(h, count.step);
}
template <class T> struct NAdam {
  static constexpr int states = 2;
  Between<T> mean;
  MeanSquare<T> square;
  T eps, correction, of_g, of_mean;

  FASTDL_INLINE NAdam of(const RuleHyper& h, const RuleCount& count) {
    const double now = nadam_momentum(h, count.step), next = nadam_momentum(h, count.step + 1);
    return {Between<T>::of(h.own[0]),
            MeanSquare<T>::of(h.own[1]),
            T(h.own[2]),
            T(1 / (1 - power_of(h.own[1], count.step))),
            T(h.lr * (1 - now) / (1 - count.product)),
            T(h.lr * next / (1 - count.product * next))};
  }
  template <class V> FASTDL_INLINE V move(const NAdam& r, V p, V g, V* s) {
    s[0] = Between<T>::value(r.mean, s[0], g);
    s[1] = MeanSquare<T>::value(r.square, s[1], g);
    const V scale = sqrt(s[1] * constant<V>(r.correction)) + constant<V>(r.eps);
    return p - g * constant<V>(r.of_g) / scale - s[0] * constant<V>(r.of_mean) / scale;
  }
};

// own: momentum, l1, l2.  s: how far the last step went (null without momentum).  After a step of
// gradient descent the proximal operator of lr (l1 |p| + l2 p^2 / 2): exactly 0 up to lr l1.
template <class T> struct ProximalSGD {
  static constexpr int states = 1;
  T lr, momentum, threshold, shrink;

  FASTDL_INLINE ProximalSGD of(const RuleHyper& h, const RuleCount&) {
    return {T(h.lr), T(h.own[0]), T(h.lr * h.own[1]), T(1 / (1 + h.lr * h.own[2]))};
  }
  template <class V> FASTDL_INLINE V move(const ProximalSGD& r, V p, V g, V* s) {
    const V q = p - g * constant<V>(r.lr) + s[0] * constant<V>(r.momentum);
    const V left = abs(q) - constant<V>(r.threshold);
    const V next = select(left <= V{}, V{}, copysign(left, q)) * constant<V>(r.shrink);
    s[0] = next - p;
    return next;
  }
};

// own: beta1, beta2, eps.  s: mean of g, mean of g^2.
template <class T> struct RAdam {
  static constexpr int states = 2;
  Between<T> mean;
  MeanSquare<T> square;
  T eps, plain, adaptive;
  bool adapts;

  FASTDL_INLINE RAdam of(const RuleHyper& h, const RuleCount& count) {
    const double t = count.step, power = power_of(h.own[1], t);
    const double limit = 2 / (1 - h.own[1]) - 1, length = limit - 2 * t * power / (1 - power);
    const double rate = h.lr / (1 - power_of(h.own[0], t));
    const double rectified =
        sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
    return {Between<T>::of(h.own[0]),
            MeanSquare<T>::of(h.own[1]),
            T(h.own[2]),
            T(rate),
            T(rate * rectified * sqrt(1 - power)),
            length > 5};
  }
  template <class V> FASTDL_INLINE V move(const RAdam& r, V p, V g, V* s) {
    s[0] = Between<T>::value(r.mean, s[0], g);
    s[1] = MeanSquare<T>::value(r.square, s[1], g);
    if (!r.adapts)
      return p - s[0] * constant<V>(r.plain);
    return p - s[0] * constant<V>(r.adaptive) / (sqrt(s[1]) + constant<V>(r.eps));
  }
};

// own: alpha, eps, momentum, centered.  s: mean of g^2; mean of g (centered), else null; running
// sum of the steps (momentum), else null.  A variance that rounding made negative counts as 0.
template <class T> struct RMSprop {
  static constexpr int states = 3;
  MeanSquare<T> square;
  Between<T> mean;
  T eps, momentum, lr;
  bool centered, sums;

  FASTDL_INLINE RMSprop of(const RuleHyper& h, const RuleCount&) {
    return {MeanSquare<T>::of(h.own[0]),
            Between<T>::of(h.own[0]),
            T(h.own[1]),
            T(h.own[2]),
            T(h.lr),
            h.own[3] != 0,
            h.own[2] != 0};
  }
  template <class V> FASTDL_INLINE V move(const RMSprop& r, V p, V g, V* s) {
    s[0] = MeanSquare<T>::value(r.square, s[0], g);
    V variance = s[0];
    if (r.centered) {
      s[1] = Between<T>::value(r.mean, s[1], g);
      variance = variance - s[1] * s[1];
      variance = select(variance < V{}, V{}, variance);
    }
    const V step = g / (sqrt(variance) + constant<V>(r.eps));
    if (!r.sums)
      return p - step * constant<V>(r.lr);
    s[2] = s[2] * constant<V>(r.momentum) + step;
    return p - s[2] * constant<V>(r.lr);
  }
};

// own: eta minus, eta plus, smallest and largest step.  s: the g before, the step.  Where g changed
// its sign, the step shrinks, p stays and g counts as 0.
template <class T> struct Rprop {
  static constexpr int states = 2;
  T lr, down, up, least, most;
  bool starts;

  FASTDL_INLINE Rprop of(const RuleHyper& h, const RuleCount& count) {
    return {T(h.lr), T(h.own[0]), T(h.own[1]), T(h.own[2]), T(h.own[3]), count.step == 1};
  }
  template <class V> FASTDL_INLINE V move(const Rprop& r, V p, V g, V* s) {
    const V zero{}, one = constant<V>(1), agreement = g * s[0];
    const auto turned = agreement < zero;
    V factor = select(agreement == zero, one, agreement); // NaN stays
    factor = select(agreement > zero, constant<V>(r.up), factor);
    factor = select(turned, constant<V>(r.down), factor);
    const V step = (r.starts ? constant<V>(r.lr) : s[1]) * factor;
    s[0] = select(turned, zero, g);
    s[1] = max(constant<V>(r.least), min(constant<V>(r.most), step));
    const V sign = select(s[0] > zero, one, select(s[0] < zero, -one, s[0]));
    return p - sign * s[1];
  }
};

// own: temperature.  s: standard normal draws.
template <class T> struct SGLD {
  static constexpr int states = 1;
  T lr, noise;

  FASTDL_INLINE SGLD of(const RuleHyper& h, const RuleCount&) {
    return {T(h.lr), T(sqrt(2 * h.lr * h.own[0]))};
  }
  template <class V> FASTDL_INLINE V move(const SGLD& r, V p, V g, V* s) {
    return p - g * constant<V>(r.lr) + s[0] * constant<V>(r.noise);
  }
};

FASTDL_INLINE void count_step(const RuleHyper&, RuleCount& count) { count.step += 1; }

} // namespace FASTDL_ISA
} // namespace fastdl
