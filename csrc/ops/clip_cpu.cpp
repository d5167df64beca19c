#include "ops/clip.h"

#include "core/reduce.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// Calls work(tensor, first, last, unit) for each of the units.
template <class Work> void for_blocks(const void* params, int64_t begin, int64_t end, Work work) {
  const auto& p = *static_cast<const ClipParams*>(params);
  const auto* pieces = reinterpret_cast<const ClipParams::Piece*>(&p + 1);
  int64_t i = 0;
  for (int64_t unit = begin; unit < end; ++unit) {
    while (i + 1 < p.tensors && pieces[i + 1].first_unit <= unit)
      ++i;
    const int64_t first = (unit - pieces[i].first_unit) * kBlock, n = pieces[i].numel;
    work(i, first, first + kBlock < n ? first + kBlock : n, unit);
  }
}

template <class T> double part_of(const T* x, int64_t n, ClipParams::Kind kind) {
  constexpr int64_t L = lanes<T>;
  if (kind == ClipParams::largest) {
    Vec<T> most{};
    for (int64_t i = 0; i < n; i += L)
      most = maximum(most, abs(load_some(x + i, n - i < L ? n - i : L)));
    return max_lanes(most);
  }
  Sum<Vec<T>> s[2] = {};
  int which = 0;
  for (int64_t i = 0; i < n; i += L, which ^= 1) {
    const Vec<T> v = load_some(x + i, n - i < L ? n - i : L);
    if (kind == ClipParams::square)
      accumulate_product(s[which], v, v);
    else
      accumulate(s[which], abs(v));
  }
  merge(s[0], s[1]);
  return total(fold(s[0]));
}

template <class T>
void parts_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  auto* parts = static_cast<double*>(operands[0]);
  const auto kind = static_cast<const ClipParams*>(params)->kind;
  for_blocks(params, begin, end, [&](int64_t i, int64_t first, int64_t last, int64_t unit) {
    parts[unit] = part_of(static_cast<const T*>(operands[1 + i]) + first, last - first, kind);
  });
}

void whole_kernel(void* const* operands, const void* params, int64_t, int64_t) {
  const auto& p = *static_cast<const ClipParams*>(params);
  const auto* parts = static_cast<const double*>(operands[1]);
  double norm = 0;
  for (int64_t i = 0; i < p.tensors; ++i)
    norm = p.kind == ClipParams::largest ? maximum(norm, parts[i]) : norm + parts[i];
  *static_cast<double*>(operands[0]) = p.kind == ClipParams::square ? sqrt(norm) : norm;
}

template <class T>
void scale_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const Vec<T> factor = splat(T(*static_cast<const double*>(operands[0])));
  for_blocks(params, begin, end, [&](int64_t i, int64_t first, int64_t last, int64_t) {
    constexpr int64_t L = lanes<T>;
    T* x = static_cast<T*>(operands[1 + i]);
    for (int64_t at = first; at < last; at += L) {
      const int64_t n = last - at < L ? last - at : L;
      store_some(x + at, load_some(x + at, n) * factor, n);
    }
  });
}

} // namespace

void register_clip(KernelTable& table) {
  table.set(Op::norm_parts, DType::float32, parts_kernel<float>);
  table.set(Op::norm_parts, DType::float64, parts_kernel<double>);
  table.set(Op::norm_whole, DType::float64, whole_kernel);
  table.set(Op::scale, DType::float32, scale_kernel<float>);
  table.set(Op::scale, DType::float64, scale_kernel<double>);
}

} // namespace FASTDL_ISA
} // namespace fastdl
