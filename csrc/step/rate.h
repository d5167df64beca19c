// How fast memory is here: the floor under a call that moves bytes.
#pragma once
#include <cstdint>

namespace fastdl {

// Bytes read and written in a second by a copy that reads and writes so many, over and over, on
// as many threads as a kernel would take: what the caches hold is fast.
double copy_rate(int64_t bytes);

} // namespace fastdl
