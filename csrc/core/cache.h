// Results too large for the caches are written past them.
#pragma once
#include <cstdint>

namespace fastdl {

// Whether so many bytes of results leave the last-level cache before anybody reads them.  Decides
// how a kernel stores, never what.
bool beyond_cache(int64_t bytes);

} // namespace fastdl
