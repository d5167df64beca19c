// Running kernels.  Every kernel call of fastdl goes through here as a plain record.
#pragma once
#include <initializer_list>
#include <type_traits>

#include "core/parallel.h"
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
  int draw_offset; // where in params the random draw index stands, after its seed; or kNoDraw
  int64_t units;
  int64_t work; // in bytes: decides whether several threads share it
};

constexpr int kNoDraw = -1;
// A call's work is what its operands hold, in bytes; one that computes more for each byte says how
// many it is worth.
constexpr int64_t kByBytes = -1;

// Runs a kernel on all its units, on several threads where `work` is worth it.
void run_kernel(Kernel kernel, void* const* operands, const void* params, int64_t units,
                int64_t work);

// Runs work(context, ...) over all units in the same way.
void run_range(int64_t units, int64_t work, UnitRange run, const void* context);

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
