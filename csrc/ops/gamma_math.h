// The gamma distribution: a draw, and how it moves with the concentration.
#pragma once
#include "core/rng.h"
#include "core/special.h"

namespace fastdl {
namespace FASTDL_ISA {

// Word `at` of the draws of element i: each element has as many Philox blocks as it needs.
FASTDL_INLINE PhiloxBlock element_block(Philox rng, int64_t i, int64_t at) {
  return philox_block(rng, uint64_t(i) | uint64_t(at) << 40);
}
FASTDL_INLINE uint64_t low_bits(const PhiloxBlock& b) {
  return uint64_t(b.word[1]) << 32 | b.word[0];
}
FASTDL_INLINE uint64_t high_bits(const PhiloxBlock& b) {
  return uint64_t(b.word[3]) << 32 | b.word[2];
}

// log x for x of density x^(a - 1) exp(-x) / Gamma(a), by rejection (Marsaglia & Tsang 2000, "A
// simple method for generating gamma variables"); below a = 1 from a + 1 by a uniform to the 1 / a.
FASTDL_INLINE double standard_gamma_log(Philox rng, int64_t i, double a) {
  if (!(a > 0))
    return quiet_nan<double>();
  if (a == infinity<double>())
    return a;
  const double d = (a < 1 ? a + 1 : a) - 1.0 / 3, c = 1 / sqrt(9 * d);
  for (int64_t attempt = 1;; ++attempt) {
    const PhiloxBlock normal = element_block(rng, i, 2 * attempt);
    const PhiloxBlock accept = element_block(rng, i, 2 * attempt + 1);
    double z, other;
    normal_pair<double>(low_bits(normal), high_bits(normal), &z, &other);
    const double root = 1 + c * z;
    if (root <= 0)
      continue;
    const double log_v = 3 * log(root), v = root * root * root;
    if (log(uniform_positive(low_bits(accept))) < z * z / 2 + d - d * v + d * log_v) {
      const double boost =
          a < 1 ? log(uniform_positive(low_bits(element_block(rng, i, 0)))) / a : 0;
      return log(d) + log_v + boost;
    }
  }
}

// A number with its derivative by the concentration.
struct Dual {
  double value, slope;
};
FASTDL_INLINE Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
FASTDL_INLINE Dual operator*(Dual a, Dual b) {
  return {a.value * b.value, a.value * b.slope + a.slope * b.value};
}
FASTDL_INLINE Dual inverse(Dual a) { return {1 / a.value, -a.slope / (a.value * a.value)}; }

// d log x / da where the probability P(a, x) of a smaller draw stays: -dP/da / (x dP/dx) (Figurnov,
// Mohamed & Mnih 2018, "Implicit reparameterization gradients").  P comes from its power series up
// to x = a + 1, beyond 1 - P from its continued fraction: either is a sum without cancellation
// (Press et al., Numerical Recipes, section 6.2).  About 1e-12 relative; for a > 10^7 the normal
// limit, 1e-7.
FASTDL_INLINE double standard_gamma_log_slope(double log_x, double a) {
  const double x = exp(log_x), tiny = 1e-300, done = 1e-16;
  if (!(a > 0) || !(x < infinity<double>()))
    return quiet_nan<double>();
  if (a > 1e7)
    return (1 + (x - a) / (2 * a)) / x;
  if (x < a + 1) {
    double term = 1, sum = 1, harmonic = 0, slope = 0;
    for (double k = 1; term > done * sum; ++k) {
      term *= x / (a + k);
      harmonic += 1 / (a + k);
      sum += term;
      slope -= term * harmonic;
    }
    return -((log_x - digamma(a + 1)) * sum + slope) / a;
  }
  Dual b{x + 1 - a, -1}, c{1 / tiny, 0}, d = inverse(b), h = d;
  for (double k = 1;; ++k) {
    const Dual factor{-k * (k - a), k};
    b.value += 2;
    d = factor * d + b;
    c = b + factor * inverse(c);
    if (d.value == 0)
      d.value = tiny;
    if (c.value == 0)
      c.value = tiny;
    d = inverse(d);
    const Dual step = d * c;
    h = h * step;
    const double change = step.value - 1;
    if ((change < 0 ? -change : change) < 4 * done &&
        (step.slope < 0 ? -step.slope : step.slope) < done)
      break;
  }
  return (log_x - digamma(a)) * h.value + h.slope;
}

} // namespace FASTDL_ISA
} // namespace fastdl
