#include "core/launch.h"

#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"
#include "core/recorder.h"

namespace fastdl {
namespace {

// Less work stays on the calling thread: waking another one takes as long.  Bytes read and written
// (a matrix product counts its operations, see launch.h).
constexpr int64_t kWorthThreads = 256 << 10;
constexpr int64_t kPart = 64 << 10;

int64_t bytes_touched(const Tensor* const* operands, int n_operands) {
  int64_t bytes = 0;
  for (int i = 0; i < n_operands; ++i)
    if (const Tensor* x = operands[i])
      bytes += x->numel() * item_size(x->dtype);
  return bytes;
}

struct KernelWork {
  Kernel kernel;
  void* const* pointers;
  const void* params;
};

void run_units(const void* context, int64_t begin, int64_t end) {
  const auto& work = *static_cast<const KernelWork*>(context);
  work.kernel(work.pointers, work.params, begin, end);
}

} // namespace

void run_kernel(Kernel kernel, void* const* operands, const void* params, int64_t units,
                int64_t work) {
  if (units <= 1 || work < kWorthThreads) {
    kernel(operands, params, 0, units);
    return;
  }
  const KernelWork each{kernel, operands, params};
  run_range(units, work, run_units, &each);
}

void run_range(int64_t units, int64_t work, UnitRange run, const void* context) {
  if (units <= 1 || work < kWorthThreads)
    run(context, 0, units);
  else
    parallel_for(units, std::max<int64_t>(1, units * kPart / work), run, context);
}

namespace {

void run(const Call& call) {
  constexpr int kUsual = 64; // more are rare: an optimizer's step takes every gradient
  void* usual[kUsual];
  std::vector<void*> many(call.n_operands > kUsual ? call.n_operands : 0);
  void** pointers = many.empty() ? usual : many.data();
  for (int i = 0; i < call.n_operands; ++i)
    pointers[i] = call.operands[i] ? call.operands[i]->data() : nullptr;
  run_kernel(call.kernel, pointers, call.params, call.units, call.work);
}

} // namespace

void launch_bytes(Op op, DType dtype, const Tensor* const* operands, int n_operands,
                  const void* params, int params_bytes, int64_t units, int draw_offset,
                  int64_t work) {
  const Kernel kernel = find_kernel(op, dtype);
  require<TypeError>(kernel, info(op).name, ": no CPU kernel for dtype ", name_of(dtype));
  if (work == kByBytes)
    work = units > 1 ? bytes_touched(operands, n_operands) : 0;
  const Call call{kernel, op,           dtype,       operands, n_operands,
                  params, params_bytes, draw_offset, units,    work};
  run(call);
  if (recorder) [[unlikely]]
    recorder->called(call);
}

} // namespace fastdl
