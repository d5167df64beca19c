// What a call of a Program does, for people: a line of print(step).
#pragma once
#include <string>

#include "core/launch.h"

namespace fastdl {

struct Line {
  std::string name;     // of the op; of a fused call those of its parts: "linear + relu"
  std::string operands; // "float32 (32, 10) (32, 64) (64, 10)", as the kernel takes them
  int64_t bytes;        // read and written
  int64_t operations;   // of a matrix product 2 m n k; else one for each element
};

// Of a call as it is made.
Line describe(const Call& call);

// Of a call that does the work of both, `second` after `first`, without writing and reading back
// `kept` bytes that went from one to the other.
Line join(const Line& first, const Line& second, int64_t kept);

} // namespace fastdl
