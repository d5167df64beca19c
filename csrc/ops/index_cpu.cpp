#include "ops/index.h"

#include "core/loops.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

void check_indices(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const IndexCheckParams*>(params);
  auto* wrapped = static_cast<int64_t*>(operands[0]);
  const auto* index = static_cast<const int64_t*>(operands[1]);
  const int64_t stop = end * kBlock < p.numel ? end * kBlock : p.numel;
  // Of locals and without a branch, so that the loop becomes one of vectors.
  const int64_t low = p.low, size = p.size, also = p.ignored;
  const bool classes = p.classes;
  const auto allowed = [=](int64_t value) {
    return ((value >= low) & (value < size)) | (classes & (value == also));
  };
  for (int64_t block = begin * kBlock; block < stop; block += kBlock) {
    const int64_t after = block + kBlock < stop ? block + kBlock : stop;
    int64_t bad = 0; // no exit from the loop either
    for (int64_t i = block; i < after; ++i)
      bad |= allowed(index[i]) ? 0 : 1;
    if (bad) [[unlikely]]
      for (int64_t i = block; i < after; ++i)
        if (!allowed(index[i]))
          raise_bad_index(p, i, index[i]);
    if (wrapped)
      for (int64_t i = block; i < after; ++i)
        wrapped[i] = index[i] + (index[i] < 0 ? size : 0);
  }
}

template <class T>
void select_rows(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const IndexRowsParams*>(params);
  T* out = static_cast<T*>(operands[0]);
  const T* input = static_cast<const T*>(operands[1]);
  const auto* index = static_cast<const int64_t*>(operands[2]);
  if (begin == end) // of an empty index
    return;
  int64_t o = begin / p.count, k = begin % p.count;
  for (int64_t unit = begin; unit < end; ++unit) {
    const T* row = input + (o * p.size + index[k]) * p.inner;
    if (p.inner == 1)
      out[unit] = *row;
    else
      __builtin_memcpy(out + unit * p.inner, row, static_cast<uint64_t>(p.inner) * sizeof(T));
    if (++k == p.count) {
      k = 0;
      ++o;
    }
  }
}

template <class T, bool add>
void write_rows(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const IndexRowsParams*>(params);
  const auto* index = static_cast<const int64_t*>(operands[1]);
  const int64_t blocks = (p.inner + kIndexColumns - 1) / kIndexColumns;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t o = unit / blocks, column = unit % blocks * kIndexColumns;
    const int64_t left = p.inner - column, n = left < kIndexColumns ? left : kIndexColumns;
    for (int64_t k = 0; k < p.count; ++k) {
      T* to = static_cast<T*>(operands[0]) + (o * p.size + index[k]) * p.inner + column;
      const T* from = static_cast<const T*>(operands[2]) + (o * p.count + k) * p.inner + column;
      for (int64_t i = 0; i < n; ++i)
        to[i] = add ? static_cast<T>(to[i] + from[i]) : from[i];
    }
  }
}

template <class T>
void gather(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const GatherParams*>(params);
  const int last = p.at.ndim - 1;
  const int64_t so = p.at.stride[0][last], si = p.at.stride[1][last], sx = p.at.stride[2][last];
  for_runs(p.at, begin, end, [&](const int64_t* offset, int64_t n) {
    T* out = static_cast<T*>(operands[0]) + offset[0];
    const auto* index = static_cast<const int64_t*>(operands[1]) + offset[1];
    const T* input = static_cast<const T*>(operands[2]) + offset[2];
    if (so == 1 && si == 1 && sx == 0 && p.step == 1) { // along the last dimension
#pragma GCC unroll 8
      for (int64_t i = 0; i < n; ++i)
        out[i] = input[index[i]];
    } else {
      for (int64_t i = 0; i < n; ++i)
        out[i * so] = input[i * sx + index[i * si] * p.step];
    }
  });
}

template <class T, bool add>
void scatter(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const ScatterParams*>(params);
  const int last = p.at.ndim - 1;
  const int64_t st = p.at.stride[0][last], si = p.at.stride[1][last], ss = p.at.stride[2][last];
  for_runs(p.at, begin, end, [&](const int64_t* offset, int64_t n) {
    T* target = static_cast<T*>(operands[0]) + offset[0];
    const auto* index = static_cast<const int64_t*>(operands[1]) + offset[1];
    const T* src = static_cast<const T*>(operands[2]) + offset[2];
    const auto write = [&](int64_t i, int64_t k) {
      const T from = src[i * ss + k * p.src_step];
      T& to = target[i * st + index[i * si + k * p.index_step] * p.target_step];
      to = add ? static_cast<T>(to + from) : from;
    };
    if (p.index_step < si) // along memory; the order of k is kept in either case
      for (int64_t i = 0; i < n; ++i)
        for (int64_t k = 0; k < p.count; ++k)
          write(i, k);
    else
      for (int64_t k = 0; k < p.count; ++k)
        for (int64_t i = 0; i < n; ++i)
          write(i, k);
  });
}

template <class T> void register_sums(KernelTable& table) {
  table.set(Op::index_add, dtype_of<T>, write_rows<T, true>);
  table.set(Op::scatter_add, dtype_of<T>, scatter<T, true>);
}

} // namespace

void register_index(KernelTable& table) {
  table.set(Op::index_check, DType::int64, check_indices);
#define X(name, type)                                                                              \
  table.set(Op::index_select, DType::name, select_rows<type>);                                     \
  table.set(Op::index_copy, DType::name, write_rows<type, false>);                                 \
  table.set(Op::index_fill, DType::name, write_rows<type, false>);                                 \
  table.set(Op::gather, DType::name, gather<type>);                                                \
  table.set(Op::scatter, DType::name, scatter<type, false>);                                       \
  table.set(Op::scatter_reduce, DType::name, scatter<type, false>);
  FASTDL_DTYPES(X)
#undef X
  register_sums<float>(table);
  register_sums<double>(table);
  register_sums<int64_t>(table);
  register_sums<int32_t>(table);
  register_sums<uint8_t>(table);
}

} // namespace FASTDL_ISA
} // namespace fastdl
