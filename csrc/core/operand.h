// An operand of arithmetic: a tensor or a Python number.
#pragma once
#include "core/py_tensor.h"

namespace fastdl {

struct Operand {
  const Tensor* tensor = nullptr;
  double real = 0;             // else a number: its value,
  int64_t integer = 0;         // exactly if it is whole,
  DType kind = DType::float32; // and its kind: boolean, int64 or float32
};

// The dtype in which PyTorch would compute: the wider category (bool < int < float) wins; within
// one, tensors with dimensions go before 0-d tensors, and those before Python numbers.
DType result_type(const Operand& a, const Operand& b);

// The operand as a tensor of that dtype.
Tensor as_tensor(const Operand& operand, DType dtype);

// In ops/copy.cpp: sets every element of target to a number (TypeError for a tensor).
void fill(const char* op, const Tensor& target, const Operand& value);

} // namespace fastdl

namespace pybind11::detail {

template <> struct type_caster<fastdl::Operand> {
  PYBIND11_TYPE_CASTER(fastdl::Operand, const_name("Tensor | float | int | bool"));

  bool load(handle source, bool) {
    PyObject* object = source.ptr();
    if (fastdl::is_tensor(object)) {
      value.tensor = &reinterpret_cast<fastdl::PyTensor*>(object)->value;
      return true;
    }
    if (PyBool_Check(object)) {
      value.kind = fastdl::DType::boolean;
      value.real = value.integer = object == Py_True;
      return true;
    }
    if (PyFloat_Check(object)) {
      value.real = PyFloat_AS_DOUBLE(object);
      return true;
    }
    // NumPy's bools, which also pass for floats, and its complex numbers, which none of ours holds.
    if (!PyLong_Check(object) && hasattr(source, "dtype") && !hasattr(source, "__len__")) {
      const auto kind = str(source.attr("dtype").attr("kind")).cast<std::string>();
      if (kind == "b") {
        value.kind = fastdl::DType::boolean;
        value.real = value.integer = PyObject_IsTrue(object) == 1;
        return true;
      }
      if (kind == "c")
        return false;
    }
    if (PyIndex_Check(object)) { // int, and NumPy's integers
      const auto number = reinterpret_steal<pybind11::object>(PyNumber_Index(object));
      if (!number)
        throw error_already_set();
      value.kind = fastdl::DType::int64;
      value.integer = PyLong_AsLongLong(number.ptr());
      if (PyErr_Occurred())
        throw error_already_set();
      value.real = static_cast<double>(value.integer);
      return true;
    }
    if (PyNumber_Check(object) && hasattr(source, "dtype") && !hasattr(source, "__len__")) {
      value.real = PyFloat_AsDouble(object); // NumPy's floats
      if (!PyErr_Occurred())
        return true;
      PyErr_Clear();
    }
    return false;
  }
};

} // namespace pybind11::detail
