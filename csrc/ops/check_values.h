// ValueError unless every value lies in [low, high] or, with `ends`, is low or high.  NaN passes:
// it shall be seen in what is computed from it.  With `holds` given, ValueError instead where that
// is false, also of NaN.  Operands: x, holds? (bool), row-major.
#pragma once
#include "core/kernel.h"

namespace fastdl {

struct CheckValuesParams {
  const char* what; // "op: argument", for the message; with holds also ": expected ..."
  double low, high;
  int64_t numel;
  bool ends, given; // given: holds is
};

// Throws ValueError for the value at that place.
[[noreturn]] void raise_bad_value(const CheckValuesParams& params, int64_t at, double value);

} // namespace fastdl
