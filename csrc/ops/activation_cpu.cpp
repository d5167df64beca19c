#include "ops/activation.h"

#include "core/write.h"
#include "ops/activation_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

constexpr int64_t kFarAhead = 512; // elements, of results that leave the caches

// out[i] = f(x[i], a, b, c), or with a gradient f(g[i], x[i], a, b, c).
template <class T, int inputs, class F>
FASTDL_INLINE void map_activation(void* const* operands, const void* params, int64_t begin,
                                  int64_t end, F f) {
  const auto& p = *static_cast<const ActivationParams*>(params);
  const int64_t first = begin * kBlock, last = end * kBlock < p.numel ? end * kBlock : p.numel;
  const T* u = static_cast<const T*>(operands[1]) + first;
  const T* v = static_cast<const T*>(operands[inputs]) + first;
  const Vec<T> a = splat(static_cast<T>(p.a)), b = splat(static_cast<T>(p.b)),
               c = splat(static_cast<T>(p.c));
  write_run(static_cast<T*>(operands[0]) + first, last - first, p.past_cache,
            [&](int64_t i, int64_t count) FASTDL_INLINE_LAMBDA {
              if (p.past_cache) {
                prefetch(u + i + kFarAhead);
                prefetch(v + i + kFarAhead);
              }
              const Vec<T> x = load_some(v + i, count);
              if constexpr (inputs == 1)
                return f(x, a, b, c);
              else
                return f(load_some(u + i, count), x, a, b, c);
            });
  if (p.past_cache)
    fence();
}

template <class T>
void leaky_relu_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map_activation<T, 1>(operands, params, begin, end,
                       [](Vec<T> x, Vec<T> a, Vec<T>, Vec<T>)
                           FASTDL_INLINE_LAMBDA { return leaky_relu(x, a); });
}
template <class T>
void leaky_relu_gradient(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map_activation<T, 2>(operands, params, begin, end,
                       [](Vec<T> g, Vec<T> x, Vec<T> a, Vec<T>, Vec<T>)
                           FASTDL_INLINE_LAMBDA { return leaky_relu_backward(g, x, a); });
}
template <class T>
void elu_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map_activation<T, 1>(operands, params, begin, end,
                       [](Vec<T> x, Vec<T> a, Vec<T> b, Vec<T> c)
                           FASTDL_INLINE_LAMBDA { return elu(x, a, b, c); });
}
template <class T>
void elu_gradient(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map_activation<T, 2>(operands, params, begin, end,
                       [](Vec<T> g, Vec<T> x, Vec<T> a, Vec<T> b, Vec<T> c)
                           FASTDL_INLINE_LAMBDA { return elu_backward(g, x, a, b, c); });
}

template <class T>
void gate_gradient(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map_activation<T, 2>(operands, params, begin, end,
                       [](Vec<T> g, Vec<T> x, Vec<T> a, Vec<T> b, Vec<T>)
                           FASTDL_INLINE_LAMBDA { return gate_backward(g, x, a, b); });
}

template <class T> void register_kernels(KernelTable& table) {
  table.set(Op::leaky_relu, dtype_of<T>, leaky_relu_kernel<T>);
  table.set(Op::leaky_relu_backward, dtype_of<T>, leaky_relu_gradient<T>);
  table.set(Op::gate_backward, dtype_of<T>, gate_gradient<T>);
  table.set(Op::elu, dtype_of<T>, elu_kernel<T>);
  table.set(Op::elu_backward, dtype_of<T>, elu_gradient<T>);
}

} // namespace

void register_activation(KernelTable& table) {
  register_kernels<float>(table);
  register_kernels<double>(table);
}

} // namespace FASTDL_ISA
} // namespace fastdl
