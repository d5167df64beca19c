#include "ops/cross_entropy.h"

#include "ops/cross_entropy_math.h"
#include "ops/softmax_cpu.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

bool in_range(int64_t t, const CrossEntropyParams& p) { return 0 <= t && t < p.classes; }

template <class T> double sum_of_weights(const CrossEntropyParams& p, const T* weight) {
  return weight ? total(sum_run(weight, p.classes)) : static_cast<double>(p.classes);
}

// The weights of `count` classes from the given one; 0 in the other lanes.
template <class T> Vec<T> weights_from(const T* weight, int64_t at, int64_t count) {
  if (weight)
    return load_some(weight + at, count);
  using I = scalar_of<int_of<Vec<T>>>;
  return select(iota<I>() < splat(static_cast<I>(count)), constant<Vec<T>>(1), Vec<T>{});
}

template <class T>
void cross_entropy(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const CrossEntropyParams*>(params);
  T* loss = static_cast<T*>(operands[0]);
  T* shifts = static_cast<T*>(operands[1]);
  T *reciprocals = shifts + p.rows, *factors = reciprocals + p.rows;
  const T* logits = static_cast<const T*>(operands[2]);
  const int64_t* targets = static_cast<const int64_t*>(operands[3]);
  const T* weight = static_cast<const T*>(operands[4]);
  const double all_weights = sum_of_weights(p, weight);
  const Slice slice = Slice::row<T>(p.classes);

  for (int64_t row = begin; row < end; ++row) {
    const int64_t t = targets[row];
    if (t == p.ignore_index || !in_range(t, p)) {
      const T value = t == p.ignore_index ? T(0) : quiet_nan<T>();
      loss[row] = shifts[row] = reciprocals[row] = factors[row] = value;
      continue;
    }
    const T* x = logits + row * p.classes;
    const T shift = shift_of(max_lanes(max_of(slice, x)));
    ExpSum<T> sum;
    Sum<Vec<T>> below{};
    slice.each<T>([&](int64_t at, int64_t count) {
      const Vec<T> v = load_some(x + at, count, -infinity<T>());
      sum.add(exp_difference(v, splat(shift)));
      if (p.smoothing != 0) {
        const Vec<T> w = weights_from(weight, at, count);
        accumulate_product(below, w, select(w == Vec<T>{}, Vec<T>{}, splat(shift) - v));
      }
    });
    const ExpTotal<double> exponentials = sum.over_lanes();
    const RowWeights w = row_weights(p.smoothing, p.classes, weight ? weight[t] : 1, all_weights);
    double low;
    shifts[row] = shift;
    reciprocals[row] = static_cast<T>(reciprocal_total(exponentials, &low));
    factors[row] = static_cast<T>(w.softmax_factor());
    loss[row] =
        static_cast<T>(row_loss(w, shift, x[t], log_total(exponentials), total(fold(below))));
  }
}

// One unit of work.
template <class T>
void cross_entropy_sum(void* const* operands, const void* params, int64_t begin, int64_t end) {
  if (begin == end)
    return;
  const auto& p = *static_cast<const CrossEntropyParams*>(params);
  T *out = static_cast<T*>(operands[0]), *scale = static_cast<T*>(operands[1]);
  const int64_t* targets = static_cast<const int64_t*>(operands[3]);
  const T* weight = static_cast<const T*>(operands[4]);
  const double losses = total(sum_run(static_cast<const T*>(operands[2]), p.rows));
  if (!scale) {
    *out = static_cast<T>(losses);
    return;
  }
  Sum<double> weights{};
  int64_t counted = 0;
  for (int64_t row = 0; row < p.rows; ++row) {
    const int64_t t = targets[row];
    if (t == p.ignore_index)
      continue;
    ++counted;
    if (weight && in_range(t, p))
      accumulate(weights, static_cast<double>(weight[t]));
  }
  const double all = weight ? total(weights) : static_cast<double>(counted);
  *out = static_cast<T>(losses / all);
  *scale = counted ? static_cast<T>(1 / all) : T(0);
}

template <class T>
void cross_entropy_backward(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const CrossEntropyParams*>(params);
  T* grads = static_cast<T*>(operands[0]);
  const T* cotangents = static_cast<const T*>(operands[1]);
  const T* shifts = static_cast<const T*>(operands[2]);
  const T *reciprocals = shifts + p.rows, *factors = reciprocals + p.rows;
  const T* logits = static_cast<const T*>(operands[3]);
  const int64_t* targets = static_cast<const int64_t*>(operands[4]);
  const T* weight = static_cast<const T*>(operands[5]);
  const Slice slice = Slice::row<T>(p.classes);

  for (int64_t row = begin; row < end; ++row) {
    const int64_t t = targets[row];
    T* grad = grads + row * p.classes;
    if (t == p.ignore_index || !in_range(t, p)) {
      const T value = t == p.ignore_index ? T(0) : quiet_nan<T>();
      for (int64_t c = 0; c < p.classes; ++c)
        grad[c] = value;
      continue;
    }
    const T* x = logits + row * p.classes;
    const T g = cotangents[row * p.g_step];
    const RowWeights w = row_weights(p.smoothing, p.classes, weight ? weight[t] : 1, 0);
    const Vec<T> shift = splat(shifts[row]), factor = splat(g * (factors[row] * reciprocals[row])),
                 spread = splat(static_cast<T>(g * w.spread));
    slice.each<T>([&](int64_t at, int64_t count) {
      const Vec<T> e = exp_difference(load_some(x + at, count), shift);
      store_some(grad + at, class_gradient(e, factor, spread, weights_from(weight, at, count)),
                 count);
    });
    grad[t] -= static_cast<T>(g * w.hit);
  }
}

} // namespace

void register_cross_entropy(KernelTable& table) {
#define X(name)                                                                                    \
  table.set(Op::name, DType::float32, name<float>);                                                \
  table.set(Op::name, DType::float64, name<double>);
  X(cross_entropy) X(cross_entropy_sum) X(cross_entropy_backward)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
