// The shorter way to a function of tensors alone, past pybind11's dispatcher, which takes longer
// than the arithmetic of a small tensor does.
#pragma once
#include "core/kernel.h"
#include "core/tensor.h"

namespace fastdl {

constexpr int kMostDirect = 2;
using Direct = Tensor (*)(Op op, const Tensor* const* tensors);

// Calls of the function named like op with `n` tensors and nothing else (n <= kMostDirect) go to
// `direct`.  Whatever it throws is thrown again, and explained, on the usual way.
void call_directly(Op op, int n, Direct direct);

} // namespace fastdl
