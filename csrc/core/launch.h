// Running kernels.  Every kernel call of fastdl goes through here as a plain record.
#pragma once
#include <initializer_list>
#include <type_traits>

#include "core/registry.h"
#include "core/tensor.h"

namespace fastdl {

// A call as a plain record: all that is needed to run it, and to run it again.
struct Call {
  Kernel kernel;
  Op op;
  DType dtype;
  const Tensor* const* operands;
  int n_operands;
  const void* params;
  int params_bytes;
  int draw_offset; // where in params the random draw index stands, or -1
  int64_t units;
  int64_t work; // decides whether several threads share it: see kByBytes
};

constexpr int kNoDraw = -1;
// A call's work is what its operands hold, in bytes; one that computes more for each byte says how
// many it is worth.
constexpr int64_t kByBytes = -1;

// Runs a call.
void run(const Call& call);

// The one way to call a kernel: looks it up (TypeError if the dtype has none) and runs it.
void launch_bytes(Op op, DType dtype, const Tensor* const* operands, int n_operands,
                  const void* params, int params_bytes, int64_t units, int draw_offset,
                  int64_t work);

template <class Params>
inline void launch(Op op, DType dtype, std::initializer_list<const Tensor*> operands,
                   const Params& params, int64_t units, int draw_offset = kNoDraw,
                   int64_t work = kByBytes) {
  static_assert(std::is_trivially_copyable_v<Params>);
  launch_bytes(op, dtype, operands.begin(), static_cast<int>(operands.size()), &params,
               sizeof(Params), units, draw_offset, work);
}

} // namespace fastdl
