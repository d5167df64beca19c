#include "ops/multinomial.h"

#include "ops/random_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

template <class T> void check_weights(const MultinomialParams& p, const T* weights, int64_t row) {
  int64_t positive = 0;
  for (int64_t c = 0; c < p.categories; ++c) {
    if (!(weights[c] >= 0 && weights[c] < infinity<T>())) [[unlikely]]
      raise_bad_weight(p, row, c, static_cast<double>(weights[c]));
    positive += weights[c] > 0;
  }
  if (p.samples && positive < (p.replacement ? 1 : p.samples)) [[unlikely]]
    raise_few_weights(p, row, positive);
}

template <class T>
void draw_again(int64_t* out, const T* weights, double* sums, const MultinomialParams& p,
                int64_t row) {
  double largest = 0; // sums of weights relative to it: of finite ones none overflows
  for (int64_t c = 0; c < p.categories; ++c)
    largest = max(largest, static_cast<double>(weights[c]));
  double sum = 0;
  int64_t last = 0;
  for (int64_t c = 0; c < p.categories; ++c) {
    sums[c] = sum += static_cast<double>(weights[c]) / largest;
    last = weights[c] > 0 ? c : last;
  }
  for (int64_t s = 0; s < p.samples; ++s) {
    const double u = random_uniform<double>({p.seed, p.draw}, uint64_t(row * p.samples + s)) * sum;
    int64_t low = 0, high = p.categories; // the first c with sums[c] > u
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (sums[middle] > u)
        high = middle;
      else
        low = middle + 1;
    }
    out[s] = low < last ? low : last; // u may have been rounded up to the sum
  }
}

// A heap of n times with their categories, the latest on top: puts (time, category) in from the
// top.
FASTDL_INLINE void sink(double* times, int64_t* categories, int64_t n, double time,
                        int64_t category) {
  int64_t at = 0;
  for (int64_t child = 1; child < n; child = 2 * at + 1) {
    child += child + 1 < n && times[child + 1] > times[child];
    if (times[child] <= time)
      break;
    times[at] = times[child];
    categories[at] = categories[child];
    at = child;
  }
  times[at] = time;
  categories[at] = category;
}

template <class T>
void race(int64_t* out, const T* weights, double* times, const MultinomialParams& p, int64_t row) {
  const int64_t n = p.samples;
  for (int64_t s = 0; s < n; ++s) {
    times[s] = infinity<double>();
    out[s] = 0;
  }
  for (int64_t c = 0; c < p.categories; ++c) {
    if (weights[c] == 0)
      continue;
    const uint64_t bits = random_bits<double>({p.seed, p.draw}, uint64_t(row * p.categories + c));
    const double time = exponential<double>(bits) / static_cast<double>(weights[c]);
    // A tiny weight may come at inf, as the empty places do, which it is to take before them.
    if (time <= times[0])
      sink(times, out, n, min(time, number_before(infinity<double>())), c);
  }
  for (int64_t left = n - 1; left > 0; --left) { // the latest of those left goes to the end
    const double time = times[left], latest = times[0];
    const int64_t category = out[left], last = out[0];
    sink(times, out, left, time, category);
    times[left] = latest;
    out[left] = last;
  }
}

template <class T>
void multinomial(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const MultinomialParams*>(params);
  for (int64_t row = begin; row < end; ++row) {
    int64_t* out = static_cast<int64_t*>(operands[0]) + row * p.samples;
    const T* weights = static_cast<const T*>(operands[1]) + row * p.categories;
    check_weights(p, weights, row);
    if (p.samples == 0)
      continue;
    auto* scratch = static_cast<double*>(operands[2]);
    if (p.replacement)
      draw_again(out, weights, scratch + row * p.categories, p, row);
    else
      race(out, weights, scratch + row * p.samples, p, row);
  }
}

} // namespace

void register_multinomial(KernelTable& table) {
  table.set(Op::multinomial, DType::float32, multinomial<float>);
  table.set(Op::multinomial, DType::float64, multinomial<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
