#include "ops/unary.h"

#include "core/loops.h"
#include "core/write.h"
#include "ops/unary_math.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// Whole vectors and partly filled ones: every element goes through the same instructions.
template <class T, class F>
void map_vectors(void* const* operands, const void* params, int64_t begin, int64_t end, F f) {
  const auto& p = *static_cast<const UnaryParams*>(params);
  const int64_t so = p.at.stride[0][p.at.ndim - 1], si = p.at.stride[1][p.at.ndim - 1];
  const bool past_cache = p.past_cache;
  for_runs(p.at, begin, end, [&](const int64_t* offset, int64_t n) {
    T* out = static_cast<T*>(operands[0]) + offset[0];
    const T* in = static_cast<const T*>(operands[1]) + offset[1];
    if (so == 1 && si == 1) {
      write_run(out, n, past_cache, [&](int64_t i, int64_t count) FASTDL_INLINE_LAMBDA {
        if (past_cache)
          prefetch(in + i + 512);
        return f(load_some(in + i, count));
      });
    } else {
      for (int64_t i = 0; i < n; i += lanes<T>) {
        const int64_t count = n - i < lanes<T> ? n - i : lanes<T>;
        store_strided(out + i * so, so, f(load_strided(in + i * si, si, count)), count);
      }
    }
  });
  if (p.past_cache)
    fence();
}

#define X(name)                                                                                    \
  template <class T>                                                                               \
  void name##_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {      \
    map_vectors<T>(operands, params, begin, end,                                                   \
                   [](Vec<T> x) FASTDL_INLINE_LAMBDA { return name(x); });                         \
  }
FASTDL_UNARY_FLOAT(X)
#undef X

// The loops once for all, f called for each vector.
template <class T>
__attribute__((noinline, noclone)) void map_called(void* const* operands, const void* params,
                                                   int64_t begin, int64_t end,
                                                   Vec<T> (*f)(Vec<T>)) {
  map_vectors<T>(operands, params, begin, end, [f](Vec<T> x) FASTDL_INLINE_LAMBDA { return f(x); });
}

#define X(name)                                                                                    \
  template <class T> __attribute__((noinline)) Vec<T> name##_of(Vec<T> x) { return name(x); }      \
  template <class T>                                                                               \
  void name##_kernel(void* const* operands, const void* params, int64_t begin, int64_t end) {      \
    map_called<T>(operands, params, begin, end, name##_of<T>);                                     \
  }
FASTDL_UNARY_CALLED(X)
#undef X

#define X(name, formula)                                                                           \
  template <class T>                                                                               \
  void name##_integer(void* const* operands, const void* params, int64_t begin, int64_t end) {     \
    map_plainly<T, T>(operands, static_cast<const UnaryParams*>(params)->at, begin, end,           \
                      [](T x) -> T { return formula; });                                           \
  }
FASTDL_UNARY_INTEGER(X)
#undef X

#define X(name, formula)                                                                           \
  template <class T>                                                                               \
  void name##_predicate(void* const* operands, const void* params, int64_t begin, int64_t end) {   \
    map_plainly<bool, T>(operands, static_cast<const UnaryParams*>(params)->at, begin, end,        \
                         [](T x) -> bool { return formula; });                                     \
  }
FASTDL_UNARY_PREDICATE(X)
#undef X

void logical_not(void* const* operands, const void* params, int64_t begin, int64_t end) {
  map_plainly<bool, bool>(operands, static_cast<const UnaryParams*>(params)->at, begin, end,
                          [](bool x) { return !x; });
}

} // namespace

void register_unary(KernelTable& table) {
#define X(name)                                                                                    \
  table.set(Op::name, DType::float32, name##_kernel<float>);                                       \
  table.set(Op::name, DType::float64, name##_kernel<double>);
  FASTDL_UNARY_FLOAT(X)
  FASTDL_UNARY_CALLED(X)
#undef X
#define X(name, formula)                                                                           \
  table.set(Op::name, DType::float32, name##_predicate<float>);                                    \
  table.set(Op::name, DType::float64, name##_predicate<double>);                                   \
  table.set(Op::name, DType::int64, name##_predicate<int64_t>);                                    \
  table.set(Op::name, DType::int32, name##_predicate<int32_t>);                                    \
  table.set(Op::name, DType::uint8, name##_predicate<uint8_t>);                                    \
  table.set(Op::name, DType::boolean, name##_predicate<bool>);
  FASTDL_UNARY_PREDICATE(X)
#undef X
#define X(name, formula)                                                                           \
  table.set(Op::name, DType::int64, name##_integer<int64_t>);                                      \
  table.set(Op::name, DType::int32, name##_integer<int32_t>);                                      \
  table.set(Op::name, DType::uint8, name##_integer<uint8_t>);
  FASTDL_UNARY_INTEGER(X)
#undef X
  table.set(Op::logical_not, DType::boolean, logical_not);
  table.set(Op::bitwise_not, DType::boolean, logical_not);
}

} // namespace FASTDL_ISA
} // namespace fastdl
