#include "ops/unary.h"

#include "core/loops.h"
#include "core/simd.h"
#include "ops/unary_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// Whole vectors, then a partly filled one: every element goes through the same instructions.
template <class T, class F>
void map_vectors(void* const* operands, const void* params, int64_t begin, int64_t end, F f) {
  const Strided<2>& s = static_cast<const UnaryParams*>(params)->at;
  const int64_t so = s.stride[0][s.ndim - 1], si = s.stride[1][s.ndim - 1];
  constexpr int64_t L = lanes<T>;
  for_runs(s, begin, end, [&](const int64_t* offset, int64_t n) {
    T* out = static_cast<T*>(operands[0]) + offset[0];
    const T* in = static_cast<const T*>(operands[1]) + offset[1];
    int64_t i = 0;
    if (so == 1 && si == 1) {
      for (; i + L <= n; i += L)
        store(out + i, f(load(in + i)));
      if (i < n)
        store_partial(out + i, f(load_partial(in + i, n - i)), n - i);
    } else {
      for (; i < n; i += L) {
        const int64_t count = n - i < L ? n - i : L;
        store_strided(out + i * so, so, f(load_strided(in + i * si, si, count)), count);
      }
    }
  });
}

#define X(name)                                                                                    \
  template <class T>                                                                               \
  void name##_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {      \
    map_vectors<T>(operands, params, begin, end, [](Vec<T> x) { return name(x); });                \
  }
FASTDL_UNARY_FLOAT(X)
#undef X

#define X(name, formula)                                                                           \
  template <class T>                                                                               \
  void name##_integer(void* const* operands, const void* params, int64_t begin, int64_t end) {     \
    map<T, T>(operands, static_cast<const UnaryParams*>(params)->at, begin, end,                   \
              [](T x) -> T { return formula; });                                                   \
  }
FASTDL_UNARY_INTEGER(X)
#undef X

void logical_not(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map<bool, bool>(operands, static_cast<const UnaryParams*>(params)->at, begin, end,
                  [](bool x) { return !x; });
}

} // namespace

void register_unary(KernelTable& table) {
#define X(name)                                                                                    \
  table.set(Op::name, DType::float32, name##_kernel<float>);                                       \
  table.set(Op::name, DType::float64, name##_kernel<double>);
  FASTDL_UNARY_FLOAT(X)
#undef X
#define X(name, formula)                                                                           \
  table.set(Op::name, DType::int64, name##_integer<int64_t>);                                      \
  table.set(Op::name, DType::int32, name##_integer<int32_t>);                                      \
  table.set(Op::name, DType::uint8, name##_integer<uint8_t>);
  FASTDL_UNARY_INTEGER(X)
#undef X
  table.set(Op::logical_not, DType::boolean, logical_not);
}

} // namespace FASTDL_ISA
} // namespace fastdl
