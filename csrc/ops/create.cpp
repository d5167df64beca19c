// Tensors from outside, and to outside, without copies: NumPy arrays share their memory both ways.
#include <pybind11/numpy.h>

#include "core/check.h"
#include "core/py_tensor.h"
#include "core/recorder.h"

namespace py = pybind11;

namespace fastdl {
namespace {

py::dtype numpy_dtype(DType dtype) {
  switch (dtype) {
#define X(name, type)                                                                              \
  case DType::name:                                                                                \
    return py::dtype::of<type>();
    FASTDL_DTYPES(X)
#undef X
  }
  return {};
}

DType dtype_from(const py::dtype& dtype) {
#define X(name, type)                                                                              \
  if (dtype.is(py::dtype::of<type>()) || dtype.equal(py::dtype::of<type>()))                       \
    return DType::name;
  FASTDL_DTYPES(X)
#undef X
  raise<TypeError>("from_numpy: array: expected dtype float32, float64, int64, int32, uint8 or "
                   "bool in native byte order, got ",
                   std::string(py::str(dtype)));
}

void release_object(void* object) {
  const py::gil_scoped_acquire gil;
  Py_DECREF(static_cast<PyObject*>(object));
}

Tensor from_numpy(const py::array& array) {
  Tensor out;
  out.dtype = dtype_from(array.dtype());
  require(array.ndim() <= kMaxDims, "from_numpy: array: expected at most ", kMaxDims,
          " dimensions, got ", array.ndim());
  require(array.writeable(), "from_numpy: array: expected a writeable array; copy it first");
  const auto size = static_cast<int64_t>(array.itemsize());
  for (py::ssize_t d = 0; d < array.ndim(); ++d) {
    const int64_t stride = array.strides(d);
    require(array.shape(d) <= 1 || (stride >= 0 && stride % size == 0),
            "from_numpy: array: expected strides that are no negative multiples of the item size, "
            "got ",
            stride, " bytes; copy it first");
    out.shape.push(array.shape(d));
    out.strides.push(array.shape(d) <= 1 ? 1 : stride / size);
  }
  require(reinterpret_cast<uintptr_t>(array.data()) % size == 0,
          "from_numpy: array: expected aligned memory; copy it first");
  int64_t extent = 1;
  for (int d = 0; d < out.ndim(); ++d)
    extent += out.shape[d] > 1 ? (out.shape[d] - 1) * out.strides[d] : 0;
  out.buffer = borrow(const_cast<void*>(array.data()), out.numel() ? extent * size : 0,
                      Py_NewRef(array.ptr()), release_object);
  // A step that is written down makes its constants anew each time: it may change them in place.
  return recorder ? clone(out) : out;
}

// An array over the tensor's memory, which it keeps alive.
py::array numpy(const Tensor& x) {
  refuse_while_recording("the values of a tensor are read",
                         "return the tensor from the step and read it outside");
  const int64_t size = item_size(x.dtype);
  std::vector<py::ssize_t> shape(x.shape.begin(), x.shape.end()), strides;
  for (int64_t stride : x.strides)
    strides.push_back(stride * size);
  auto* kept = new BufferRef(x.buffer);
  const py::capsule owner(kept, [](void* buffer) { delete static_cast<BufferRef*>(buffer); });
  return py::array(numpy_dtype(x.dtype), shape, strides, x.data(), owner);
}

py::object item(const Tensor& x) {
  refuse_while_recording("the value of a tensor is read (item, bool, int or float of it)",
                         "return the tensor from the step and read it outside; to choose between "
                         "values inside, use fastdl.where");
  require(x.numel() == 1, "item: expected a tensor of one element, got shape ", x.shape);
  switch (x.dtype) {
#define X(name, type)                                                                              \
  case DType::name:                                                                                \
    return py::cast(*x.as<type>());
    FASTDL_DTYPES(X)
#undef X
  }
  return py::none();
}

} // namespace

void bind_create(py::module_& m) {
  m.def("from_numpy", &from_numpy, py::arg("array"));
  m.def("numpy", &numpy, py::arg("input"));
  m.def("item", &item, py::arg("input"));
  m.def("numel", [](const Tensor& x) { return x.numel(); }, py::arg("input"));
  m.def(
      "data_ptr", [](const Tensor& x) { return reinterpret_cast<uintptr_t>(x.data()); },
      py::arg("input"));
}

} // namespace fastdl
