#include "core/elementwise.h"

#include <algorithm>

namespace fastdl {

void fill_strided(const Tensor* const* operands, int n, int32_t& ndim, int64_t* shape,
                  int64_t (*stride)[kMaxDims]) {
  const Tensor& out = *operands[0];
  if (std::all_of(operands, operands + n, [](const Tensor* t) { return t->is_contiguous(); })) {
    ndim = 1; // the common case, without looking at dimensions
    shape[0] = out.numel();
    for (int k = 0; k < n; ++k)
      stride[k][0] = 1;
    return;
  }
  int order[kMaxDims], dims = 0;
  for (int d = 0; d < out.ndim(); ++d)
    if (out.shape[d] != 1)
      order[dims++] = d;
  std::stable_sort(order, order + dims,
                   [&](int a, int b) { return out.strides[a] > out.strides[b]; });
  ndim = 0;
  for (int i = 0; i < dims; ++i) {
    const int d = order[i];
    // The dimension before runs on into this one if one of its steps equals a whole run of this.
    bool merge = ndim > 0;
    for (int k = 0; k < n && merge; ++k)
      merge = stride[k][ndim - 1] == operands[k]->strides[d] * out.shape[d];
    if (!merge)
      shape[ndim++] = 1;
    shape[ndim - 1] *= out.shape[d];
    for (int k = 0; k < n; ++k)
      stride[k][ndim - 1] = operands[k]->strides[d];
  }
  if (ndim == 0) {
    ndim = 1;
    shape[0] = 1;
    for (int k = 0; k < n; ++k)
      stride[k][0] = 1;
  }
}

} // namespace fastdl
