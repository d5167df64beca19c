// A tensor: a strided window on a buffer.  Strides are in elements; zero strides (expand) are
// allowed.
#pragma once
#include <initializer_list>
#include <string>

#include "core/buffer.h"
#include "core/dtype.h"
#include "core/kernel.h"

namespace fastdl {

struct Dims {
  int n = 0;
  int64_t v[kMaxDims];

  Dims() = default;
  Dims(std::initializer_list<int64_t> values) {
    for (int64_t value : values)
      v[n++] = value;
  }
  int64_t& operator[](int i) { return v[i]; }
  int64_t operator[](int i) const { return v[i]; }
  const int64_t* begin() const { return v; }
  const int64_t* end() const { return v + n; }
  void push(int64_t value) { v[n++] = value; }
  void insert(int at, int64_t value);
  void erase(int at);
  int64_t product() const {
    int64_t p = 1;
    for (int64_t x : *this)
      p *= x;
    return p;
  }
  bool operator==(const Dims& other) const;
};
std::ostream& operator<<(std::ostream& out, const Dims& dims); // (2, 3), as Python prints it

struct Tensor {
  BufferRef buffer;
  int64_t offset = 0; // in elements
  DType dtype = DType::float32;
  Dims shape, strides;

  int ndim() const { return shape.n; }
  int64_t numel() const { return shape.product(); }
  void* data() const { return buffer->data + offset * item_size(dtype); }
  template <class T> T* as() const { return static_cast<T*>(data()); }
  bool is_contiguous() const;
};

// Row-major strides of a shape.
Dims contiguous_strides(const Dims& shape);

// Whether the product of the sizes (of at least 0; zeros left out) and `unit` is an int64.
bool is_countable(const Dims& shape, int64_t unit = 1);

// A new tensor with undefined elements, row-major.  Throws ValueError on a negative size or
// overflow.
Tensor empty(const Dims& shape, DType dtype);

// dim in [-ndim, ndim) as a non-negative index; IndexError otherwise.
int wrap_dim(const char* op, int64_t dim, int ndim);

// The shape to which all operands broadcast; ValueError names `op`.
Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b);

// The view of x with that shape (zero strides on broadcast dimensions).
Tensor expand(const char* op, const Tensor& x, const Dims& shape);

// In ops/copy.cpp: a row-major copy of x; x itself if it is row-major, else a copy; x converted to
// dtype (itself if it has it); source written into target (same shape, any dtypes).
Tensor clone(const Tensor& x);
Tensor contiguous(const Tensor& x);
Tensor cast(const Tensor& x, DType dtype);
void copy_into(const Tensor& target, const Tensor& source);

// ValueError if several elements of x share memory (an expanded view), which cannot be written to.
void require_writable(const char* op, const Tensor& x);
// Whether their buffers share memory (two tensors made from one NumPy array have two buffers).
bool share_memory(const Buffer& a, const Buffer& b);
inline bool share_memory(const Tensor& a, const Tensor& b) {
  return share_memory(*a.buffer.get(), *b.buffer.get());
}

void require_float(const char* op, const char* argument, const Tensor& x);
void require_same_dtype(const char* op, const char* argument, const Tensor& x, DType dtype);

} // namespace fastdl
