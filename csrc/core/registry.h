// Which kernel runs for an op and a dtype.  Filled once, for the instruction set chosen at import.
#pragma once
#include <string>
#include <vector>

#include "core/kernel.h"

namespace fastdl {

struct OpInfo {
  const char* stem;
  const char* name;
  const char* kind; // "method": also a method of Tensor; "function"; "inner": for other ops only
};
const OpInfo& info(Op op);

// Chooses the instruction set: the best one the machine has, or FASTDL_ISA.  Throws ValueError for
// an unknown or unsupported name.
void init_registry();
const std::string& isa();        // "baseline", "avx2", "avx512"
std::vector<std::string> isas(); // those built in that this machine can run

Kernel find_kernel(Op op, DType dtype); // nullptr where there is none

} // namespace fastdl
