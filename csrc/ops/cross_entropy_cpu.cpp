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

// sum_c w_c (shift - x_c); a weight of 0 leaves its class out.
template <class T> double weighted_below(const T* x, const T* weight, int64_t n, T shift) {
  return total(fold(sum_row<Sum<Vec<T>>>(
      x, n, [&](Sum<Vec<T>>& sum, int64_t at, int64_t count, Vec<T> v) FASTDL_INLINE_LAMBDA {
        const Vec<T> w = weights_from(weight, at, count);
        accumulate_product(sum, w, select(w == Vec<T>{}, Vec<T>{}, splat(shift) - v));
      })));
}

template <class T>
void cross_entropy(void* const* operands, const void* params, int64_t begin, int64_t end) {
  using Group = RowGroup<T, false>;
  const auto& p = *static_cast<const CrossEntropyParams*>(params);
  T* loss = static_cast<T*>(operands[0]);
  T* shifts = static_cast<T*>(operands[1]);
  T *reciprocals = shifts + p.rows, *factors = reciprocals + p.rows;
  const T* logits = static_cast<const T*>(operands[2]);
  const int64_t* targets = static_cast<const int64_t*>(operands[3]);
  const T* weight = static_cast<const T*>(operands[4]);
  const double all_weights = p.smoothing == 0 ? 0 : sum_of_weights(p, weight);

  const int64_t n = p.classes, group = Group::size(n);
  NextMax<T> known;
  for (int64_t first = begin; first < end; first += group) {
    const int64_t count = end - first < group ? end - first : group;
    const T* x = logits + first * n;
    const auto counts = [&](int64_t i) FASTDL_INLINE_LAMBDA {
      return targets[first + i] != p.ignore_index && in_range(targets[first + i], p);
    };
    Group rows;
    for (int64_t i = 0; i < count; ++i)
      if (counts(i) && group == 1)
        rows.add(0, x, n, known, first + 1 < end ? x + n : x);
      else if (counts(i))
        rows.add(i, x + i * n, n);
    const auto sums = rows.sums();
    const Wide<T> log = sums.log_exactly(n, [&] { return rows.below(x, n, count); });
    Vec<T> low;
    const Vec<T> shift = sums.shift(), reciprocal = sums.reciprocal(&low);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = first + i, t = targets[row];
      if (!counts(i)) {
        const T value = t == p.ignore_index ? T(0) : quiet_nan<T>();
        loss[row] = shifts[row] = reciprocals[row] = factors[row] = value;
        continue;
      }
      const RowWeights w = row_weights(p.smoothing, n, weight ? weight[t] : 1, all_weights);
      const double below = p.smoothing == 0 ? 0 : weighted_below(x + i * n, weight, n, shift[i]);
      shifts[row] = shift[i];
      reciprocals[row] = reciprocal[i];
      factors[row] = static_cast<T>(w.softmax_factor());
      loss[row] = static_cast<T>(row_loss(w, shift[i], x[i * n + t], lane(log, i), below));
    }
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
  const int64_t n = p.classes, ahead = fetch_ahead(n);

  for (int64_t row = begin; row < end; ++row) {
    const int64_t t = targets[row];
    T* grad = grads + row * n;
    if (t == p.ignore_index || !in_range(t, p)) {
      const Vec<T> value = t == p.ignore_index ? Vec<T>{} : quiet_nan<Vec<T>>();
      write_run(grad, n, p.past_cache,
                [&](int64_t, int64_t) FASTDL_INLINE_LAMBDA { return value; });
      continue;
    }
    const T* x = logits + row * n;
    const T g = cotangents[row * p.g_step];
    const RowWeights w = row_weights(p.smoothing, n, weight ? weight[t] : 1, 0);
    const ExpUnit<Vec<T>> unit = exp_unit(splat(shifts[row]));
    const Vec<T> factor = splat(g * (factors[row] * reciprocals[row])),
                 spread = splat(static_cast<T>(g * w.spread));
    const T target_gradient = static_cast<T>(g * w.hit);
    write_run(grad, n, p.past_cache, [&](int64_t at, int64_t count) FASTDL_INLINE_LAMBDA {
      prefetch_for_later(x + at + ahead);
      const Vec<T> e = exp_in<true>(unit, load_some(x + at, count)) * factor;
      return p.smoothing == 0 ? e : e - spread * weights_from(weight, at, count);
    });
    grad[t] -= target_gradient;
  }
  if (p.past_cache)
    fence();
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
