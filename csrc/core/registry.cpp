#include "core/registry.h"

#include <cstdlib>

#include "core/check.h"

namespace fastdl {

#define OP(stem, name, kind)
#define STEM(stem) void register_##stem(KernelTable&);
namespace baseline {
#include "ops.def"
}
namespace avx2 {
#include "ops.def"
}
namespace avx512 {
#include "ops.def"
}
#undef STEM

namespace {

struct InstructionSet {
  const char* name;
  bool (*supported)();
  void (*fill)(KernelTable&);
};

#define STEM(stem) register_##stem(table);
const InstructionSet kSets[] = {
// best first
#ifdef FASTDL_HAVE_AVX512
    {"avx512",
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("fma");
     },
     [](KernelTable& table) {
       using namespace avx512;
#include "ops.def"
     }},
#endif
#ifdef FASTDL_HAVE_AVX2
    {"avx2", [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
     [](KernelTable& table) {
       using namespace avx2;
#include "ops.def"
     }},
#endif
    {"baseline", [] { return true; },
     [](KernelTable& table) {
       using namespace baseline;
#include "ops.def"
     }},
};
#undef STEM
#undef OP

KernelTable table;
std::string chosen;

} // namespace

const OpInfo& info(Op op) {
  static const OpInfo infos[] = {
#define STEM(stem)
#define OP(stem, name, kind) {#stem, #name, #kind},
#include "ops.def"
#undef OP
#undef STEM
  };
  return infos[static_cast<int>(op)];
}

std::vector<std::string> isas() {
  std::vector<std::string> names;
  for (const InstructionSet& set : kSets)
    if (set.supported())
      names.push_back(set.name);
  return names;
}

const std::string& isa() { return chosen; }

void init_registry() {
  const char* wanted = std::getenv("FASTDL_ISA");
  for (const InstructionSet& set : kSets) {
    if (wanted && *wanted ? set.name != std::string(wanted) || !set.supported() : !set.supported())
      continue;
    set.fill(table);
    chosen = set.name;
    return;
  }
  std::string known;
  for (const std::string& name : isas())
    known += (known.empty() ? "" : ", ") + name;
  raise<ValueError>("FASTDL_ISA: expected one of ", known, " on this machine, got ", wanted);
}

Kernel find_kernel(Op op, DType dtype) {
  return table.entry[static_cast<int>(op)][static_cast<int>(dtype)];
}

} // namespace fastdl
