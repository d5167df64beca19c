// Random orders for data: the numbers 0 ... n - 1 sorted by random keys.
#pragma once
#include <cstdint>

namespace fastdl {

// Key i is word i % 4 of block 1 + i / 4 of Philox4x64-10 (Salmon, Moraes, Dror & Shaw, "Parallel
// random numbers: as easy as 1, 2, 3", SC 2011) under the counter (block, draw, 0, 0) and the key
// (seed low, seed high), as NumPy's Philox counts them.  Of equal keys the first comes first.
void random_permutation(uint64_t seed_low, uint64_t seed_high, uint64_t draw, int64_t n,
                        int64_t* out);

} // namespace fastdl
