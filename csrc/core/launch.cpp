#include "core/launch.h"

#include <vector>

#include "core/check.h"

namespace fastdl {

void run(const Call& call) {
  constexpr int kUsual = 64; // more are rare: an optimizer's step takes every gradient
  void* usual[kUsual];
  std::vector<void*> many(call.n_operands > kUsual ? call.n_operands : 0);
  void** pointers = many.empty() ? usual : many.data();
  for (int i = 0; i < call.n_operands; ++i)
    pointers[i] = call.operands[i] ? call.operands[i]->data() : nullptr;
  call.kernel(pointers, call.params, 0, call.units);
}

void launch_bytes(Op op, DType dtype, const Tensor* const* operands, int n_operands,
                  const void* params, int params_bytes, int64_t units, int draw_offset) {
  const Kernel kernel = find_kernel(op, dtype);
  require<TypeError>(kernel, info(op).name, ": no CPU kernel for dtype ", name_of(dtype));
  run({kernel, op, dtype, operands, n_operands, params, params_bytes, draw_offset, units});
}

} // namespace fastdl
