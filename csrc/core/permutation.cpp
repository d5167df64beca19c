#include "core/permutation.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

namespace fastdl {
namespace {

struct Keyed {
  uint64_t key;
  int64_t index;
};

void philox64_block(uint64_t seed_low, uint64_t seed_high, uint64_t draw, uint64_t block,
                    uint64_t (&words)[4]) {
  uint64_t c[4] = {block, draw, 0, 0};
  for (int round = 0; round < 10; ++round) {
    const auto p0 = static_cast<unsigned __int128>(0xD2E7470EE14C6C93u) * c[0];
    const auto p1 = static_cast<unsigned __int128>(0xCA5A826395121157u) * c[2];
    c[0] = static_cast<uint64_t>(p1 >> 64) ^ c[1] ^ seed_low;
    c[1] = static_cast<uint64_t>(p1);
    c[2] = static_cast<uint64_t>(p0 >> 64) ^ c[3] ^ seed_high;
    c[3] = static_cast<uint64_t>(p0);
    seed_low += 0x9E3779B97F4A7C15u;
    seed_high += 0xBB67AE8584CAA73Bu;
  }
  std::copy_n(c, 4, words);
}

} // namespace

// The keys are spread evenly: one pass puts them into about as many buckets by their first bits,
// and little is left to sort.
void random_permutation(uint64_t seed_low, uint64_t seed_high, uint64_t draw, int64_t n,
                        int64_t* out) {
  const int bits = std::clamp<int>(std::bit_width(static_cast<uint64_t>(n)), 1, 16);
  const auto bucket = [bits](uint64_t key) { return key >> (64 - bits); };
  const auto size = static_cast<size_t>(n);
  const auto keys = std::make_unique_for_overwrite<uint64_t[]>(size);
  const auto sorted = std::make_unique_for_overwrite<Keyed[]>(size);
  std::vector<int64_t> end(size_t{1} << bits); // of each bucket, in `sorted`
  for (int64_t i = 0; i < n; i += 4) {
    uint64_t words[4];
    philox64_block(seed_low, seed_high, draw, static_cast<uint64_t>(1 + i / 4), words);
    for (int64_t j = i; j < std::min(i + 4, n); ++j)
      ++end[bucket(keys[j] = words[j - i])];
  }
  int64_t begin = 0;
  for (int64_t& e : end)
    begin += std::exchange(e, begin);
  for (int64_t i = 0; i < n; ++i)
    sorted[end[bucket(keys[i])]++] = {keys[i], i};
  const auto less = [](const Keyed& a, const Keyed& b) {
    return a.key < b.key || (a.key == b.key && a.index < b.index);
  };
  begin = 0;
  for (const int64_t e : end) {
    if (e - begin > 1)
      std::sort(&sorted[begin], &sorted[e], less);
    begin = e;
  }
  for (int64_t i = 0; i < n; ++i)
    out[i] = sorted[i].index;
}

} // namespace fastdl
