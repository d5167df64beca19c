// Results too large for the caches are written past them.
#pragma once
#include "core/tensor.h"

namespace fastdl {

// Whether so many bytes of results leave the last-level cache before anybody reads them.  Decides
// how a kernel stores, never what.
bool beyond_cache(int64_t bytes);
inline bool beyond_cache(const Tensor& result) {
  return beyond_cache(result.numel() * item_size(result.dtype));
}

// Counts results of more than so many bytes as too large (half of the last-level cache unless set,
// and for -1): for tests.
void set_cache_limit(int64_t bytes);

} // namespace fastdl
