#include "core/arena_loops.h"
#include "ops/sgd_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void sgd_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const SgdHyper& hyper = *static_cast<const SgdHyper*>(operands[0]);
  const auto* counts = static_cast<const double*>(operands[1]);
  const auto* segments = static_cast<const Segment*>(operands[2]);
  auto *values = static_cast<T*>(operands[3]), *buffers = static_cast<T*>(operands[4]);
  void* const* gradients = operands + 5;
  const SgdRule<T> rule = sgd_rule<T>(hyper);
  const bool momentum = buffers && hyper.momentum != 0;
  const int64_t n = static_cast<const ArenaParams*>(params)->segments;
  for_segments(segments, n, gradients, begin, end, [&](int64_t i, int64_t first, int64_t last) {
    T* p = values + first;
    const T* g = static_cast<const T*>(gradients[i]) + (first - segments[i].begin);
    if (!momentum) {
      for_vectors<T>(last - first, [&](auto read, auto write) {
        const Vec<T> x = read(p);
        write(p, sgd_move(x, sgd_gradient(x, read(g), rule), rule));
      });
      return;
    }
    T* b = buffers + first;
    const bool starts = counts[i] == 1;
    for_vectors<T>(last - first, [&](auto read, auto write) {
      const Vec<T> x = read(p), d = sgd_gradient(x, read(g), rule);
      const Vec<T> buffer = sgd_buffer(read(b), d, starts, rule);
      write(b, buffer);
      write(p, sgd_move(x, sgd_direction(buffer, d, rule), rule));
    });
  });
}

void advance(void* const* operands, const void* params, int64_t, int64_t) {
  const SgdHyper& hyper = *static_cast<const SgdHyper*>(operands[0]);
  auto* counts = static_cast<double*>(operands[1]);
  const int64_t n = static_cast<const ArenaParams*>(params)->segments;
  for (int64_t i = 0; i < n; ++i)
    if (operands[2 + i] && hyper.momentum != 0)
      counts[i] += 1;
}

} // namespace

void register_sgd(KernelTable& table) {
  table.set(Op::sgd, DType::float32, sgd_kernel<float>);
  table.set(Op::sgd, DType::float64, sgd_kernel<double>);
  table.set(Op::sgd_advance, DType::float64, advance);
}

} // namespace FASTDL_ISA
} // namespace fastdl
