#include "core/tensor.h"

#include <ostream>

#include "core/check.h"

namespace fastdl {

void Dims::insert(int at, int64_t value) {
  require(n < kMaxDims, "a tensor has at most ", kMaxDims, " dimensions");
  for (int i = n++; i > at; --i)
    v[i] = v[i - 1];
  v[at] = value;
}

void Dims::erase(int at) {
  for (int i = at; i + 1 < n; ++i)
    v[i] = v[i + 1];
  --n;
}

bool Dims::operator==(const Dims& other) const {
  if (n != other.n)
    return false;
  for (int i = 0; i < n; ++i)
    if (v[i] != other.v[i])
      return false;
  return true;
}

std::ostream& operator<<(std::ostream& out, const Dims& dims) {
  out << '(';
  for (int i = 0; i < dims.n; ++i)
    out << (i ? ", " : "") << dims[i];
  return out << (dims.n == 1 ? ",)" : ")");
}

bool Tensor::is_contiguous() const {
  int64_t expected = 1;
  for (int i = ndim() - 1; i >= 0; --i) {
    if (shape[i] != 1 && strides[i] != expected)
      return numel() == 0;
    expected *= shape[i];
  }
  return true;
}

Dims contiguous_strides(const Dims& shape) {
  Dims strides;
  strides.n = shape.n;
  int64_t step = 1;
  for (int i = shape.n - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i] > 0 ? shape[i] : 1;
  }
  return strides;
}

bool is_countable(const Dims& shape, int64_t unit) {
  for (int64_t size : shape)
    if (size && __builtin_mul_overflow(unit, size, &unit))
      return false;
  return true;
}

Tensor empty(const Dims& shape, DType dtype) {
  for (int64_t size : shape)
    require(size >= 0, "shape: expected sizes of at least 0, got ", shape);
  require(is_countable(shape, item_size(dtype)), "shape: ", shape, " is larger than any memory");
  Tensor out;
  out.dtype = dtype;
  out.shape = shape;
  out.strides = contiguous_strides(shape);
  out.buffer = allocate(static_cast<size_t>(out.numel() * item_size(dtype)));
  return out;
}

int wrap_dim(const char* op, int64_t dim, int ndim) {
  const int bound = ndim > 0 ? ndim : 1; // a scalar accepts 0 and -1, as in PyTorch
  require<IndexError>(-bound <= dim && dim < bound, op, ": dim: expected an int in [", -bound, ", ",
                      bound - 1, "], got ", dim);
  return static_cast<int>(dim < 0 ? dim + bound : dim);
}

Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b) {
  Dims out;
  out.n = a.n > b.n ? a.n : b.n;
  for (int i = 1; i <= out.n; ++i) {
    const int64_t x = i <= a.n ? a[a.n - i] : 1, y = i <= b.n ? b[b.n - i] : 1;
    require(x == y || x == 1 || y == 1, op, ": expected shapes that broadcast together, got ", a,
            " and ", b);
    out[out.n - i] = x == 1 ? y : x;
  }
  return out;
}

Tensor expand(const char* op, const Tensor& x, const Dims& shape) {
  if (x.shape == shape)
    return x;
  Tensor out = x;
  out.shape = shape;
  out.strides.n = shape.n;
  require(x.ndim() <= shape.n, op, ": cannot expand shape ", x.shape, " to ", shape);
  require(is_countable(shape), op, ": shape ", shape, " has more elements than an int64 counts");
  for (int i = 1; i <= shape.n; ++i) {
    const int64_t size = i <= x.ndim() ? x.shape[x.ndim() - i] : 1;
    const int64_t stride = i <= x.ndim() ? x.strides[x.ndim() - i] : 0;
    require(size == shape[shape.n - i] || size == 1, op, ": cannot expand shape ", x.shape, " to ",
            shape);
    out.strides[shape.n - i] = size == 1 && shape[shape.n - i] != 1 ? 0 : stride;
  }
  return out;
}

void require_writable(const char* op, const Tensor& x) {
  for (int d = 0; d < x.ndim(); ++d)
    require(x.shape[d] <= 1 || x.strides[d] != 0 || x.numel() == 0, op,
            ": elements of the tensor of shape ", x.shape, " and strides ", x.strides,
            " share memory; clone() it first");
}

bool share_memory(const Buffer& a, const Buffer& b) {
  return a.data < b.data + b.bytes && b.data < a.data + a.bytes;
}

void require_float(const char* op, const char* argument, const Tensor& x) {
  require<TypeError>(is_float(x.dtype), op, ": ", argument,
                     ": expected dtype float32 or float64, got ", name_of(x.dtype));
}

void require_same_dtype(const char* op, const char* argument, const Tensor& x, DType dtype) {
  require<TypeError>(x.dtype == dtype, op, ": ", argument, ": expected dtype ", name_of(dtype),
                     ", got ", name_of(x.dtype));
}

} // namespace fastdl
