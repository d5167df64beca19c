#include "core/py_tensor.h"

#include <structmember.h>

#include <cstddef>
#include <sstream>

#include "core/check.h"
#include "core/recorder.h"
#include "core/structure.h"

namespace py = pybind11;

namespace fastdl {
namespace {

bool watched = false;                       // every op comes to autograd.record
PyTypeObject* tensor_class = &PyTensorType; // what ops return: Python's fastdl.Tensor
PyObject* dtype_objects[kDTypes];           // Python's members of DType

PyTensor* self_of(PyObject* object) { return reinterpret_cast<PyTensor*>(object); }

PyObject* wrong_type(const char* method, PyObject* got) {
  PyErr_Format(PyExc_TypeError, "%s: expected a Tensor, got %s", method, Py_TYPE(got)->tp_name);
  return nullptr;
}

PyObject* allocate_object(PyTypeObject* type, Tensor&& value) {
  PyObject* object = type->tp_alloc(type, 0); // zeroed
  if (object)
    new (&self_of(object)->value) Tensor(std::move(value));
  return object;
}

// A new object of that class over the same memory and version counter, without history.
PyObject* alias(PyTypeObject* type, PyObject* other) {
  PyObject* object = allocate_object(type, Tensor(self_of(other)->value));
  if (!object)
    return nullptr;
  self_of(object)->version = version_of(self_of(other));
  ++self_of(object)->version->references;
  return object;
}

// TensorBase.__new__(cls, other)
PyObject* tensor_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  PyObject* other;
  if (kwargs && PyDict_Size(kwargs)) {
    PyErr_SetString(PyExc_TypeError, "TensorBase: takes no keyword arguments");
    return nullptr;
  }
  if (!PyArg_ParseTuple(args, "O!", &PyTensorType, &other))
    return nullptr;
  return alias(type, other);
}

PyObject* tensor_alias(PyObject* object, PyObject*) { return alias(tensor_class, object); }

int tensor_traverse(PyObject* object, visitproc visit, void* arg) {
  PyTensor* self = self_of(object);
  Py_VISIT(self->grad);
  Py_VISIT(self->node);
  Py_VISIT(self->base);
  Py_VISIT(self->view);
  Py_VISIT(self->hooks);
  return 0;
}

int tensor_clear(PyObject* object) {
  PyTensor* self = self_of(object);
  Py_CLEAR(self->grad);
  Py_CLEAR(self->node);
  Py_CLEAR(self->base);
  Py_CLEAR(self->view);
  Py_CLEAR(self->hooks);
  return 0;
}

void tensor_dealloc(PyObject* object) {
  PyObject_GC_UnTrack(object);
  if (self_of(object)->weakrefs)
    PyObject_ClearWeakRefs(object);
  Py_TRASHCAN_BEGIN(object, tensor_dealloc) tensor_clear(object);
  PyTensor* self = self_of(object);
  if (self->version && --self->version->references == 0)
    delete self->version;
  self->value.~Tensor();
  Py_TYPE(object)->tp_free(object);
  Py_TRASHCAN_END
}

PyObject* get_shape(PyObject* object, void*) {
  return py::cast(self_of(object)->value.shape).release().ptr();
}
PyObject* get_ndim(PyObject* object, void*) {
  return PyLong_FromLong(self_of(object)->value.ndim());
}
PyObject* get_dtype(PyObject* object, void*) {
  return Py_NewRef(dtype_objects[static_cast<int>(self_of(object)->value.dtype)]);
}
PyObject* get_version(PyObject* object, void*) {
  const Version* version = self_of(object)->version;
  return PyLong_FromLongLong(version ? version->value : 0);
}
PyObject* get_is_leaf(PyObject* object, void*) {
  const PyObject* node = self_of(object)->node;
  return PyBool_FromLong(!node || node == Py_None);
}

PyObject* get_requires_grad(PyObject* object, void*) {
  if (recorder) [[unlikely]]
    recorder->requires_grad_read(self_of(object));
  return PyBool_FromLong(self_of(object)->requires_grad);
}

int set_requires_grad(PyObject* object, PyObject* value, void*) {
  PyTensor* self = self_of(object);
  const int wanted = value ? PyObject_IsTrue(value) : 0;
  if (wanted < 0)
    return -1;
  if (wanted && !is_float(self->value.dtype)) {
    PyErr_Format(PyExc_TypeError,
                 "requires_grad: only float32 and float64 tensors have gradients, this is %s",
                 name_of(self->value.dtype));
    return -1;
  }
  if (!wanted && self->node && self->node != Py_None) {
    PyErr_SetString(PyExc_RuntimeError,
                    "requires_grad: can be cleared on leaf tensors only; use detach()");
    return -1;
  }
  if (recorder && self->requires_grad != (wanted != 0)) [[unlikely]] {
    try {
      recorder->requires_grad_written(self);
    } catch (py::error_already_set& error) {
      error.restore();
      return -1;
    }
  }
  self->requires_grad = wanted;
  return 0;
}

PyObject* get_grad(PyObject* object, void*) {
  if (recorder) [[unlikely]]
    recorder->grad_read(self_of(object));
  PyObject* grad = self_of(object)->grad;
  return Py_NewRef(grad ? grad : Py_None);
}

int set_grad(PyObject* object, PyObject* value, void*) {
  PyTensor* self = self_of(object);
  if (value && value != Py_None) {
    if (!is_tensor(value)) {
      PyErr_Format(PyExc_TypeError, "grad: expected a Tensor or None, got %s",
                   Py_TYPE(value)->tp_name);
      return -1;
    }
    const Tensor& grad = self_of(value)->value;
    if (!(grad.shape == self->value.shape) || grad.dtype != self->value.dtype) {
      std::ostringstream text;
      text << "grad: expected shape " << self->value.shape << " and dtype "
           << name_of(self->value.dtype) << ", got " << grad.shape << " and "
           << name_of(grad.dtype);
      PyErr_SetString(PyExc_ValueError, text.str().c_str());
      return -1;
    }
  }
  if (recorder) [[unlikely]]
    recorder->grad_written(self);
  PyObject* kept = value && value != Py_None ? Py_NewRef(value) : nullptr;
  Py_XSETREF(self->grad, kept);
  return 0;
}

PyObject* bump_version(PyObject* object, PyObject*) {
  count_change(self_of(object));
  Py_RETURN_NONE;
}

// Counts changes of `other`'s memory with `other` from now on (a view made by a binding).
PyObject* share_version(PyObject* object, PyObject* other) {
  if (!is_tensor(other))
    return wrong_type("_share_version", other);
  PyTensor* self = self_of(object);
  Version* shared = version_of(self_of(other));
  ++shared->references;
  if (self->version && --self->version->references == 0)
    delete self->version;
  self->version = shared;
  Py_RETURN_NONE;
}

// _set_history(node, index): this tensor is that output of node (None: a leaf without gradient).
// Nothing happens to integer and bool tensors, which have no gradient.
PyObject* set_history(PyObject* object, PyObject* const* args, Py_ssize_t n) {
  if (n != 2) {
    PyErr_SetString(PyExc_TypeError, "_set_history: expected (node, index)");
    return nullptr;
  }
  PyTensor* self = self_of(object);
  if (!is_float(self->value.dtype))
    Py_RETURN_NONE;
  const bool leaf = args[0] == Py_None;
  const long index = PyLong_AsLong(args[1]);
  if (index == -1 && PyErr_Occurred())
    return nullptr;
  self->index = static_cast<int32_t>(index);
  self->requires_grad = !leaf;
  Py_XSETREF(self->node, leaf ? nullptr : Py_NewRef(args[0]));
  Py_RETURN_NONE;
}

// Whether no other tensor or array looks at this tensor's memory.
PyObject* owns_memory(PyObject* object, PyObject*) {
  const Tensor& value = self_of(object)->value;
  return PyBool_FromLong(value.buffer->references.load() == 1 && value.is_contiguous());
}

// Takes over the memory and geometry of another tensor; identity and autograd fields stay.
PyObject* set_data(PyObject* object, PyObject* other) {
  if (!is_tensor(other))
    return wrong_type("data", other);
  try {
    refuse_while_recording("a tensor is given other memory (.data = ..., to())",
                           "change its values in place, or do it outside");
  } catch (py::error_already_set& error) {
    error.restore();
    return nullptr;
  }
  self_of(object)->value = self_of(other)->value;
  structure_changed();
  Py_RETURN_NONE;
}

Py_ssize_t tensor_length(PyObject* object) {
  const Tensor& value = self_of(object)->value;
  if (value.ndim())
    return value.shape[0];
  PyErr_SetString(PyExc_TypeError, "len() of a 0-d tensor");
  return -1;
}

PyGetSetDef properties[] = {
    {"shape", get_shape, nullptr, "Sizes of the dimensions, a tuple of ints.", nullptr},
    {"ndim", get_ndim, nullptr, "Number of dimensions.", nullptr},
    {"dtype", get_dtype, nullptr, "Element type.", nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad,
     "Whether gradients flow to this tensor.", nullptr},
    {"grad", get_grad, set_grad, "The accumulated gradient, or None.", nullptr},
    {"is_leaf", get_is_leaf, nullptr, "Whether it was not computed by a recorded op.", nullptr},
    {"_version", get_version, nullptr, "Number of in-place changes to its memory.", nullptr},
    {}};

PyMemberDef members[] = {{"_node", T_OBJECT, offsetof(PyTensor, node), 0, nullptr},
                         {"_hooks", T_OBJECT, offsetof(PyTensor, hooks), 0, nullptr},
                         {"_base", T_OBJECT, offsetof(PyTensor, base), 0, nullptr},
                         {"_view", T_OBJECT, offsetof(PyTensor, view), 0, nullptr},
                         {"_index", T_INT, offsetof(PyTensor, index), 0, nullptr},
                         {}};

PyMethodDef methods[] = {
    {"_alias", tensor_alias, METH_NOARGS, "A tensor over the same memory, without history."},
    {"_set_history", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(set_history)),
     METH_FASTCALL, "Makes this tensor an output of a node."},
    {"_share_version", share_version, METH_O, "Counts in-place changes together with another."},
    {"_owns_memory", owns_memory, METH_NOARGS, "Row-major, and nobody else sees its memory."},
    {"_bump_version", bump_version, METH_NOARGS, "Counts one in-place change."},
    {"_set_data", set_data, METH_O, "Takes over another tensor's memory and geometry."},
    {}};

// Whether one of the arguments requires a gradient while `mode` (the function's self) is enabled,
// or ops are watched.  A function of Python's takes as long as the arithmetic of a small tensor.
PyObject* needs_grad(PyObject* mode, PyObject* const* args, Py_ssize_t n) {
  if (watched) [[unlikely]]
    Py_RETURN_TRUE;
  for (Py_ssize_t i = 0; i < n; ++i) {
    if (!is_tensor(args[i]))
      continue;
    if (recorder) [[unlikely]]
      recorder->requires_grad_read(self_of(args[i]));
    if (self_of(args[i])->requires_grad)
      return PyObject_GetAttrString(mode, "enabled");
  }
  Py_RETURN_FALSE;
}

PyMethodDef needs_grad_method = {
    "needs_grad", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(needs_grad)), METH_FASTCALL,
    "Whether an op of these inputs is to be recorded, or watched: it must come to `record`."};

PySequenceMethods sequence = {};

PyTypeObject make_type() {
  PyTypeObject type{};
  Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1); // static: never freed
  type.tp_name = "fastdl._C.TensorBase";
  type.tp_basicsize = sizeof(PyTensor);
  type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC;
  type.tp_doc = "A strided array with its place in the computation's history.";
  type.tp_new = tensor_new;
  type.tp_dealloc = tensor_dealloc;
  type.tp_traverse = tensor_traverse;
  type.tp_clear = tensor_clear;
  type.tp_weaklistoffset = offsetof(PyTensor, weakrefs);
  type.tp_getset = properties;
  type.tp_members = members;
  type.tp_methods = methods;
  sequence.sq_length = tensor_length;
  type.tp_as_sequence = &sequence;
  return type;
}

} // namespace

PyTypeObject PyTensorType = make_type();

Version* version_of(PyTensor* tensor) {
  if (!tensor->version)
    tensor->version = new Version{1, 0};
  return tensor->version;
}

void count_change(PyTensor* tensor) {
  ++version_of(tensor)->value;
  if (recorder) [[unlikely]]
    recorder->changed_in_place(tensor);
}

PyObject* wrap(Tensor&& value) {
  PyObject* object = allocate_object(tensor_class, std::move(value));
  if (!object)
    throw py::error_already_set();
  return object;
}

void bind_tensor_type(py::module_& m) {
  if (PyType_Ready(&PyTensorType) < 0)
    throw py::error_already_set();
  m.add_object("TensorBase", reinterpret_cast<PyObject*>(&PyTensorType));
  for (int d = 0; d < kDTypes; ++d)
    dtype_objects[d] =
        py::object(m.attr("DType").attr(name_of(static_cast<DType>(d)))).release().ptr();
  m.def(
      "needs_grad_under",
      [](py::object mode) {
        return py::reinterpret_steal<py::object>(PyCFunction_New(&needs_grad_method, mode.ptr()));
      },
      py::arg("mode"), "The function needs_grad(*inputs) for that mode, an object with `enabled`.");
  m.def(
      "watch_ops", [](bool on) { watched = on; }, py::arg("on"),
      "Whether needs_grad holds for every op.");
  m.def("set_tensor_class", [](py::type cls) {
    auto* type = reinterpret_cast<PyTypeObject*>(cls.ptr());
    require<TypeError>(PyType_IsSubtype(type, &PyTensorType), "set_tensor_class: not a TensorBase");
    tensor_class = reinterpret_cast<PyTypeObject*>(cls.release().ptr());
  });
}

} // namespace fastdl
