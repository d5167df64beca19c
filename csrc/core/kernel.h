// What a kernel is: a plain function over operand pointers, a plain struct of parameters and a
// range of work units.  Nothing here allocates, so a call can be written down and replayed.
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace fastdl {

constexpr int kMaxDims = 8;

using Kernel = void (*)(void* const* operands, const void* params, int64_t begin, int64_t end);

enum class Op : uint16_t {
#define STEM(stem)
#define OP(stem, name, kind) name,
#include "ops.def"
#undef OP
#undef STEM
  count
};

struct KernelTable {
  Kernel entry[static_cast<int>(Op::count)][kDTypes];

  void set(Op op, DType dtype, Kernel kernel) {
    entry[static_cast<int>(op)][static_cast<int>(dtype)] = kernel;
  }
};

// The geometry of an element-wise kernel over N operands: dimensions outermost to innermost, merged
// where the strides allow; strides in elements; operand 0 is the output.
template <int N> struct Strided {
  int32_t ndim;
  int64_t shape[kMaxDims];
  int64_t stride[N][kMaxDims];
  int64_t numel;
};

// Element-wise work is handed out in blocks of this many elements.
constexpr int64_t kBlock = 8192;

} // namespace fastdl
