#include "core/structure.h"

#include <atomic>

namespace fastdl {
namespace {

std::atomic<int64_t> changes{0};

} // namespace

int64_t structure_version() { return changes.load(std::memory_order_relaxed); }
void structure_changed() { changes.fetch_add(1, std::memory_order_relaxed); }

} // namespace fastdl
