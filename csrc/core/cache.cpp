#include "core/cache.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>

namespace fastdl {
namespace {

// The largest cache that the kernel lists for the first processor (sysconf's answer is that of the
// whole host on some virtual machines); 32 MiB where it lists none.
int64_t last_level_cache() {
  int64_t largest = 0;
  for (int index = 0; index < 8; ++index) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) +
                       "/size"); // "32768K"
    int64_t size = 0;
    char unit = ' ';
    if (file >> size >> unit)
      largest = std::max(largest, size << (unit == 'K' ? 10 : unit == 'M' ? 20 : 0));
  }
  return largest ? largest : int64_t{32} << 20;
}

std::atomic<int64_t> cache_limit{last_level_cache() / 2};

} // namespace

bool beyond_cache(int64_t bytes) { return bytes > cache_limit.load(std::memory_order_relaxed); }

void set_cache_limit(int64_t bytes) { cache_limit = bytes < 0 ? last_level_cache() / 2 : bytes; }

} // namespace fastdl
