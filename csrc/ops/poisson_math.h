// A draw of the Poisson distribution.
#pragma once
#include "ops/gamma_math.h"

namespace fastdl {
namespace FASTDL_ISA {

// The logarithm of the probability of k at a rate of at least 10.  From k = 10 on by the distance
// from the rate and Stirling's series (C. Loader 2000, "Fast and accurate computation of binomial
// probabilities"): k log(rate) - rate - log k! would lose all digits where the rate is large.
FASTDL_INLINE double poisson_log_probability(double k, double rate) {
  if (k < 10) {
    double factorial = 1;
    for (double i = 2; i <= k; ++i)
      factorial *= i;
    return k * log(rate) - rate - log(factorial);
  }
  const double distance = (k - rate) / rate, square = 1 / (k * k);
  const double deviance = rate * ((1 + distance) * log1p(distance) - distance);
  const double stirling = (1.0 / 12 - square * (1.0 / 360 - square / 1260)) / k;
  return -deviance - stirling - 0.5 * log(2 * 3.141592653589793 * k);
}

// Below a rate of 10 by inversion, term by term; from 10 on by transformed rejection (W. Hörmann
// 1993, "The transformed rejection method for generating Poisson random variables", PTRS).
FASTDL_INLINE double poisson(Philox rng, int64_t i, double rate) {
  if (rate < 10) {
    double u = uniform(low_bits(element_block(rng, i, 0))), term = exp(-rate), k = 0;
    // The terms' rounded sum may stay below u.
    for (; u >= term && (k < rate || term > 1e-18); term *= rate / ++k)
      u -= term;
    return k;
  }
  const double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), most = 0.9277 - 3.6224 / (b - 2);
  for (int64_t attempt = 0;; ++attempt) {
    const PhiloxBlock block = element_block(rng, i, attempt);
    const double u = uniform(low_bits(block)) - 0.5, v = uniform_positive(high_bits(block));
    const double rest = 0.5 - (u < 0 ? -u : u);
    if (rest == 0)
      continue;
    const double x = (2 * a / rest + b) * u + rate + 0.43;
    if (rest >= 0.07 && v <= most)
      return floor(x);
    if (x < 0 || (rest < 0.013 && v > rest))
      continue;
    const double k = floor(x);
    if (log(v * inverse_alpha / (a / (rest * rest) + b)) <= poisson_log_probability(k, rate))
      return k;
  }
}

} // namespace FASTDL_ISA
} // namespace fastdl
