#include "core/structure.h"

#include <atomic>

namespace fastdl {
namespace {

std::atomic<int64_t> changes{0};
std::atomic<uint64_t> modes{0};

// The finalizer of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014).
uint64_t scattered(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

} // namespace

int64_t structure_version() { return changes.load(std::memory_order_relaxed); }
void structure_changed() { changes.fetch_add(1, std::memory_order_relaxed); }

uint64_t structure_modes() { return modes.load(std::memory_order_relaxed); }
void mode_changed(uint64_t module) {
  modes.fetch_xor(scattered(module), std::memory_order_relaxed);
}

} // namespace fastdl
