// What is done to a program once it is written down, so that a replay does less.  No pass changes a
// bit of any result.
#pragma once
#include <vector>

#include "step/program.h"

namespace fastdl {

// All of them.  `outlives` says, by slot, what somebody may look at after a replay;
// `arguments_overlap`, whether memory of an argument is also that of another slot.
void optimize(Program& program, const std::vector<bool>& outlives, bool arguments_overlap);

} // namespace fastdl
