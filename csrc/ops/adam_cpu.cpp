#include "core/arena_loops.h"
#include "ops/adam_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T>
void adam_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const AdamHyper& hyper = *static_cast<const AdamHyper*>(operands[0]);
  const auto* counts = static_cast<const AdamCount*>(operands[1]);
  const auto* segments = static_cast<const Segment*>(operands[2]);
  auto* values = static_cast<T*>(operands[3]);
  auto *firsts = static_cast<T*>(operands[4]), *seconds = static_cast<T*>(operands[5]),
       *largest = static_cast<T*>(operands[6]);
  void* const* gradients = operands + 7;
  const int64_t n = static_cast<const ArenaParams*>(params)->segments;
  for_segments(segments, n, gradients, begin, end, [&](int64_t i, int64_t first, int64_t last) {
    const AdamRule<T> rule = adam_rule<T>(hyper, counts[i]);
    T *p = values + first, *m = firsts + first, *v = seconds + first,
      *w = largest ? largest + first : nullptr;
    const T* grad = static_cast<const T*>(gradients[i]) + (first - segments[i].begin);
    for_vectors<T>(last - first, [&](auto read, auto write) {
      Vec<T> x = read(p), g = read(grad);
      adam_decay(&x, &g, rule);
      const Vec<T> mean = adam_first_moment(read(m), g, rule);
      Vec<T> square = adam_second_moment(read(v), g, rule);
      write(m, mean);
      write(v, square);
      if (w) {
        square = maximum(read(w), square);
        write(w, square);
      }
      write(p, adam_move(x, mean, square, rule));
    });
  });
}

void advance(void* const* operands, const void* params, int64_t, int64_t) {
  const AdamHyper& hyper = *static_cast<const AdamHyper*>(operands[0]);
  auto* counts = static_cast<AdamCount*>(operands[1]);
  const int64_t n = static_cast<const ArenaParams*>(params)->segments;
  for (int64_t i = 0; i < n; ++i)
    if (operands[2 + i])
      adam_advance(hyper, counts[i]);
}

} // namespace

void register_adam(KernelTable& table) {
  table.set(Op::adam, DType::float32, adam_kernel<float>);
  table.set(Op::adam, DType::float64, adam_kernel<double>);
  table.set(Op::adam_advance, DType::float64, advance);
}

} // namespace FASTDL_ISA
} // namespace fastdl
