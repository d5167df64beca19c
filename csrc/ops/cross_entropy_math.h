// The formulas of a row of cross-entropy.
#pragma once
#include "ops/softmax_math.h"

namespace fastdl {
namespace FASTDL_ISA {

// What the losses lse - x_c of a row's classes count: the target's `hit`, every class's `spread`
// times its weight.
struct RowWeights {
  double hit, spread, all; // all: the sum of all weights

  // The factor of the row's softmax in its gradient.
  double softmax_factor() const { return spread == 0 ? hit : hit + spread * all; }
};

FASTDL_INLINE RowWeights row_weights(double smoothing, int64_t classes, double target_weight,
                                     double all_weights) {
  return {(1 - smoothing) * target_weight, smoothing / static_cast<double>(classes), all_weights};
}

// shift: what x is measured from; log: of the sum of exp(x - shift); below:
// sum_c w_c (shift - x_c), used only with smoothing.  Nothing here cancels.
FASTDL_INLINE double row_loss(const RowWeights& w, double shift, double target_logit, double log,
                              double below) {
  const double hit = w.hit * ((shift - target_logit) + log);
  return w.spread == 0 ? hit : hit + w.spread * (below + w.all * log);
}

} // namespace FASTDL_ISA
} // namespace fastdl
