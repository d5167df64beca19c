// One step over a flat arena by one of many rules, in PyTorch's order of operations: the formulas
// are in optimizers_math.h.  For all of them, first
//
//   g = -grad if maximize;  p *= 1 - lr weight_decay (decoupled), else g += weight_decay p
//
// Operands: hyper, counts, segments, parameters, three states (null where the rule or the caller
// keeps none), then a gradient (or null: that parameter is left alone) for each segment.  Work
// units: blocks of kBlock elements.  count_step and count_nadam_step run before (one unit) on
// hyper, counts, gradients; row i of counts is parameter i's.  NaN and inf go where they are; the
// bits are the same on every instruction set.  hyper and counts are float64:
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct RuleHyper {
  double lr, weight_decay, decoupled, maximize;
  double own[4]; // the rule's own numbers, as its formula says
};

struct RuleCount {
  double step;    // the updates that the parameter has had
  double product; // of NAdam's momenta
};

// Name of the op, of the rule, and what counts its steps.
#define FASTDL_RULES(X)                                                                            \
  X(adadelta, Adadelta, count_step)                                                                \
  X(adagrad, Adagrad, count_step)                                                                  \
  X(adamax, Adamax, count_step)                                                                    \
  X(average, Average, count_step)                                                                  \
  X(nadam, NAdam, count_nadam_step)                                                                \
  X(proximal_sgd, ProximalSGD, count_step)                                                         \
  X(radam, RAdam, count_step)                                                                      \
  X(rmsprop, RMSprop, count_step)                                                                  \
  X(rprop, Rprop, count_step)                                                                      \
  X(sgld, SGLD, count_step)

} // namespace fastdl
