// Element types.  No host-only headers: kernels of every instruction set include this.
#pragma once
#include <cstdint>

namespace fastdl {

// X(name, C++ type): the one list of element types.
#define FASTDL_DTYPES(X)                                                                           \
  X(float32, float)                                                                                \
  X(float64, double)                                                                               \
  X(int64, int64_t)                                                                                \
  X(int32, int32_t)                                                                                \
  X(uint8, uint8_t)                                                                                \
  X(boolean, bool)

enum class DType : uint8_t {
#define X(name, type) name,
  FASTDL_DTYPES(X)
#undef X
};
constexpr int kDTypes = 6;

template <class T> struct DTypeOf;
#define X(name, type)                                                                              \
  template <> struct DTypeOf<type> {                                                               \
    static constexpr DType value = DType::name;                                                    \
  };
FASTDL_DTYPES(X)
#undef X
template <class T> constexpr DType dtype_of = DTypeOf<T>::value;

constexpr int64_t item_size(DType dtype) {
  switch (dtype) {
#define X(name, type)                                                                              \
  case DType::name:                                                                                \
    return sizeof(type);
    FASTDL_DTYPES(X)
#undef X
  }
  return 0;
}

constexpr const char* name_of(DType dtype) {
  switch (dtype) {
  case DType::boolean:
    return "bool";
#define X(name, type)                                                                              \
  case DType::name:                                                                                \
    return #name;
    X(float32, ) X(float64, ) X(int64, ) X(int32, ) X(uint8, )
#undef X
  }
  return "?";
}

constexpr bool is_float(DType d) { return d == DType::float32 || d == DType::float64; }

} // namespace fastdl
