// Calls that go through the same elements one by one, done block by block: what one writes and the
// next reads is still in the cache, and what only they see is never in memory at all.
#pragma once
#include <optional>
#include <vector>

#include "step/program.h"

namespace fastdl {

// How a call that computes elements one by one goes through its operands.
struct Elementwise {
  static constexpr int kMost = 4;
  int64_t numel;
  bool linear[kMost]; // element i of the call is element i of the operand's memory
  bool* past_cache;   // in the call's params: whether it writes past the caches; or null
};
std::optional<Elementwise> elementwise(Program& program, const Record& record);

// Makes chains of calls that follow each other.
void fuse_chains(Program& program, const std::vector<bool>& outlives);

// Runs one, its operands being there but for those that only its calls see.
void run_chain(const Program& program, const Record& chain, void* const* pointers,
               const std::byte* params);

} // namespace fastdl
