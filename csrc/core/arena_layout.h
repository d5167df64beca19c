// Parameters in one flat buffer: parameter i is segment i; the gaps between segments, which keep
// each 64-byte aligned, belong to nobody.  Gradients stay where backward left them.
#pragma once
#include <cstdint>

namespace fastdl {

// Row i of an optimizer's int64 tensor `segments`, in elements.
struct Segment {
  int64_t begin, length;
};

// The params of an optimizer's kernel.
struct ArenaParams {
  int64_t numel, segments;
};

} // namespace fastdl
