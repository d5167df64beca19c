// The Python object around a Tensor, and its conversion in bindings.
//
// TensorBase is a C-level type, so that an op is one call from Python: it takes and returns tensors
// without a wrapper around a wrapper.  Python's fastdl.Tensor derives from it and is what ops
// return.
#pragma once
#include <pybind11/pybind11.h>

#include "core/check.h"
#include "core/tensor.h"

namespace fastdl {

// Counts in-place changes of a piece of memory; shared by all tensors that look at it.
struct Version {
  int64_t references, value;
};

struct PyTensor {
  PyObject_HEAD Tensor value;
  PyObject* grad;  // Tensor or None
  PyObject* node;  // how it was computed (autograd.Node), or None for a leaf
  PyObject* base;  // the tensor that this one is a differentiable view of, or None
  PyObject* view;  // how it views it (autograd.View), or None
  PyObject* hooks; // gradient hooks of a leaf, or None
  PyObject* weakrefs;
  Version* version; // nullptr: never changed and never shared
  int32_t index;    // which output of its node
  bool requires_grad;
};

extern PyTypeObject PyTensorType;

// Readies TensorBase and adds it to the module.
void bind_tensor_type(pybind11::module_& m);

// A new Python tensor of the class registered with set_tensor_class().
PyObject* wrap(Tensor&& value);

inline bool is_tensor(PyObject* object) { return PyObject_TypeCheck(object, &PyTensorType); }

// The counter of a tensor's changes, made when first asked for.
Version* version_of(PyTensor* tensor);
// Counts one change in place.
void count_change(PyTensor* tensor);

// A Python int, or what stands for one; IndexError where it is larger than any index, TypeError
// where it stands for none, such as a tensor of several elements.
template <class... Where> int64_t as_index(pybind11::handle number, const Where&... where) {
  const Py_ssize_t i = PyNumber_AsSsize_t(number.ptr(), PyExc_IndexError);
  if (i == -1 && PyErr_Occurred()) [[unlikely]] {
    pybind11::error_already_set error;
    if (!error.matches(PyExc_ValueError) && !error.matches(PyExc_TypeError))
      throw error;
    const auto describe = pybind11::module_::import("fastdl.explain").attr("describe");
    raise<TypeError>(where..., ": expected an int, got ",
                     std::string(pybind11::str(describe(number))));
  }
  return i;
}

} // namespace fastdl

namespace pybind11::detail {

template <> struct type_caster<fastdl::Tensor> {
  static constexpr auto name = const_name("Tensor");
  template <class T> using cast_op_type = detail::cast_op_type<T>;

  bool load(handle source, bool) {
    if (source.is_none())
      return true; // a `const Tensor*` parameter may be None
    if (!fastdl::is_tensor(source.ptr()))
      return false;
    value = &reinterpret_cast<fastdl::PyTensor*>(source.ptr())->value;
    return true;
  }
  static handle cast(fastdl::Tensor&& tensor, return_value_policy, handle) {
    return fastdl::wrap(std::move(tensor));
  }
  static handle cast(const fastdl::Tensor& tensor, return_value_policy, handle) {
    return fastdl::wrap(fastdl::Tensor(tensor));
  }
  operator fastdl::Tensor*() { return value; }
  operator fastdl::Tensor&() {
    if (!value)
      throw reference_cast_error();
    return *value;
  }

  fastdl::Tensor* value = nullptr;
};

// A shape or a list of strides: a sequence of ints.
template <> struct type_caster<fastdl::Dims> {
  PYBIND11_TYPE_CASTER(fastdl::Dims, const_name("tuple[int, ...]"));

  bool load(handle source, bool) {
    if (!PyTuple_Check(source.ptr()) && !PyList_Check(source.ptr()))
      return false;
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(source.ptr());
    if (n > fastdl::kMaxDims)
      throw std::invalid_argument("shape: expected at most " + std::to_string(fastdl::kMaxDims) +
                                  " dimensions, got " + std::to_string(n));
    for (Py_ssize_t i = 0; i < n; ++i) {
      object number =
          reinterpret_steal<object>(PyNumber_Index(PySequence_Fast_GET_ITEM(source.ptr(), i)));
      if (!number) {
        PyErr_Clear();
        return false;
      }
      value.push(PyLong_AsLongLong(number.ptr()));
      if (PyErr_Occurred())
        throw error_already_set();
    }
    return true;
  }
  static handle cast(const fastdl::Dims& dims, return_value_policy, handle) {
    PyObject* out = PyTuple_New(dims.n);
    for (int i = 0; i < dims.n; ++i)
      PyTuple_SET_ITEM(out, i, PyLong_FromLongLong(dims[i]));
    return out;
  }
};

} // namespace pybind11::detail
