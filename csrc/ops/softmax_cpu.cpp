#include "ops/softmax_cpu.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// A slice of the work: where it starts in the input, where its one result per row goes, and whether
// its lanes are elements of one row (else they are rows of their own).
struct Work {
  Slice slice;
  int64_t offset, row, count;
  bool along;
};

template <class T, class F>
void for_slices(const SoftmaxParams& p, int64_t begin, int64_t end, F f) {
  if (p.inner == 1) {
    const Slice slice = Slice::row<T>(p.n);
    for (int64_t row = begin; row < end; ++row)
      f(Work{slice, row * p.n, row, 1, true});
    return;
  }
  const int64_t blocks = (p.inner + kSoftmaxColumns - 1) / kSoftmaxColumns;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t outer = unit / blocks, first = unit % blocks * kSoftmaxColumns;
    const int64_t last = first + kSoftmaxColumns < p.inner ? first + kSoftmaxColumns : p.inner;
    for (int64_t c = first; c < last; c += lanes<T>) {
      const int64_t count = last - c < lanes<T> ? last - c : lanes<T>;
      f(Work{Slice::columns<T>(p.n, p.inner, count), outer * p.n * p.inner + c, outer * p.inner + c,
             count, false});
    }
  }
}

template <class T> Vec<T> row_max(const Work& work, const T* x) {
  const Vec<T> m = max_of(work.slice, x);
  return work.along ? splat(max_lanes(m)) : m;
}

// Sums the exponentials; keep(offset, e, count) may store them.
template <class T, class Keep>
ExpSum<T> sum_exp(const Work& work, const T* x, Vec<T> shift, Keep keep) {
  ExpSum<T> sum;
  work.slice.each<T>([&](int64_t at, int64_t count) {
    const Vec<T> e = exp_difference(load_some(x + at, count, -infinity<T>()), shift);
    keep(at, e, count);
    sum.add(e);
  });
  if (work.along)
    sum.fold_lanes();
  return sum;
}
constexpr auto keep_nothing = [](int64_t, auto, int64_t) {};

template <class T>
void softmax(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SoftmaxParams*>(params);
  for_slices<T>(p, begin, end, [&](const Work& work) {
    T* out = static_cast<T*>(operands[0]) + work.offset;
    const T* x = static_cast<const T*>(operands[1]) + work.offset;
    const Vec<T> shift = shift_of(row_max(work, x));
    const ExpSum<T> sum = sum_exp(work, x, shift, [&](int64_t at, Vec<T> e, int64_t count) {
      store_some(out + at, e, count);
    });
    Vec<T> low, high = sum.reciprocal(&low);
    if (p.masked) { // nothing to share out: zeros
      const auto empty = high == infinity<Vec<T>>();
      high = select(empty, Vec<T>{}, high);
      low = select(empty, Vec<T>{}, low);
    }
    work.slice.template each<T>([&](int64_t at, int64_t count) {
      const Vec<T> e = load_some(out + at, count);
      store_some(out + at, times_parts(e, high, low), count);
    });
  });
}

template <class T>
void log_softmax(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SoftmaxParams*>(params);
  for_slices<T>(p, begin, end, [&](const Work& work) {
    T* out = static_cast<T*>(operands[0]) + work.offset;
    const T* x = static_cast<const T*>(operands[1]) + work.offset;
    const Vec<T> shift = shift_of(row_max(work, x));
    const Vec<T> log = narrow(sum_exp(work, x, shift, keep_nothing).log());
    work.slice.template each<T>([&](int64_t at, int64_t count) {
      store_some(out + at, (load_some(x + at, count) - shift) - log, count);
    });
  });
}

template <class T>
void logsumexp(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SoftmaxParams*>(params);
  for_slices<T>(p, begin, end, [&](const Work& work) {
    const T* x = static_cast<const T*>(operands[1]) + work.offset;
    const Vec<T> max = row_max(work, x), shift = shift_of(max);
    const Wide<T> log = sum_exp(work, x, shift, keep_nothing).log();
    Wide<T> sum = widen(shift);
    for (int part = 0; part < wide_parts<T>; ++part)
      sum.part[part] += log.part[part];
    const Vec<T> result = select(max == infinity<Vec<T>>(), max, narrow(sum));
    store_some(static_cast<T*>(operands[0]) + work.row, result, work.count);
  });
}

template <class T>
void softmax_backward(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SoftmaxParams*>(params);
  for_slices<T>(p, begin, end, [&](const Work& work) {
    T* out = static_cast<T*>(operands[0]) + work.offset;
    const T* g = static_cast<const T*>(operands[1]) + work.offset;
    const T* y = static_cast<const T*>(operands[2]) + work.offset;
    Sum<Vec<T>> sum{};
    work.slice.template each<T>([&](int64_t at, int64_t count) {
      accumulate_product(sum, load_some(g + at, count), load_some(y + at, count));
    });
    const Vec<T> dot = rounded(work.along ? fold_to_all(sum) : sum);
    work.slice.template each<T>([&](int64_t at, int64_t count) {
      store_some(out + at,
                 softmax_gradient(load_some(g + at, count), load_some(y + at, count), dot), count);
    });
  });
}

template <class T>
void log_softmax_backward(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SoftmaxParams*>(params);
  for_slices<T>(p, begin, end, [&](const Work& work) {
    T* out = static_cast<T*>(operands[0]) + work.offset;
    const T* g = static_cast<const T*>(operands[1]) + work.offset;
    const T* y = static_cast<const T*>(operands[2]) + work.offset;
    Sum<Vec<T>> sum{};
    work.slice.template each<T>(
        [&](int64_t at, int64_t count) { accumulate(sum, load_some(g + at, count)); });
    const Vec<T> total = rounded(work.along ? fold_to_all(sum) : sum);
    work.slice.template each<T>([&](int64_t at, int64_t count) {
      store_some(out + at,
                 log_softmax_gradient(load_some(g + at, count), load_some(y + at, count), total),
                 count);
    });
  });
}

} // namespace

void register_softmax(KernelTable& table) {
#define X(name)                                                                                    \
  table.set(Op::name, DType::float32, name<float>);                                                \
  table.set(Op::name, DType::float64, name<double>);
  X(softmax) X(log_softmax) X(logsumexp) X(softmax_backward) X(log_softmax_backward)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
