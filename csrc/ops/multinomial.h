// Categories drawn with given weights, row by row.  Operands: out (rows, samples) of int64, weights
// (rows, categories) row-major, scratch of doubles.
//
//   with replacement     sample s of row r inverts the cumulative weights at the uniform double of
//                        element r * samples + s; scratch (rows, categories)
//   without replacement  an exponential race: category c of row r arrives at E / weight, E the
//                        exponential double of element r * categories + c, and the first `samples`
//                        win, in the order of arrival: the law of drawing them one after another
//                        (Efraimidis & Spirakis, Information Processing Letters 97, 2006); scratch
//                        (rows, samples)
//
// ValueError for a weight below 0, NaN or inf, and for a row of zeros or with too few weights above
// 0.  A weight of 0 is never drawn.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct MultinomialParams {
  int64_t categories, samples; // a unit is a row
  uint64_t seed, draw;
  bool replacement, is_vector; // is_vector: the weights are one row, without a number
};

// Throws ValueError for a weight that is none; for a row of which so many weights are above 0.
[[noreturn]] void raise_bad_weight(const MultinomialParams& p, int64_t row, int64_t at,
                                   double value);
[[noreturn]] void raise_few_weights(const MultinomialParams& p, int64_t row, int64_t positive);

} // namespace fastdl
