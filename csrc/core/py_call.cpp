// Calls of the bindings from Python.  A Call stands before each bound function: it passes the
// arguments on, binds as a method, and where the function fails has `fastdl.explain` say which one
// does not fit.
#include "core/py_call.h"

#include <pybind11/pybind11.h>

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "core/py_tensor.h"
#include "core/registry.h"

namespace py = pybind11;

namespace fastdl {
namespace {

struct DirectCall {
  Op op;
  int n;
  Direct function;
};
std::unordered_map<std::string_view, DirectCall> direct_calls; // by name

struct PyCall {
  PyObject_HEAD PyObject* function;
  vectorcallfunc call;
  const DirectCall* direct;
};

// Raises in place of the error what fastdl.explain makes of it, if anything.
PyObject* explain(PyObject* function, PyObject* const* args, size_t n_args, PyObject* names) {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  PyErr_NormalizeException(&type, &error, &trace);
  try {
    const auto n = static_cast<size_t>(PyVectorcall_NARGS(n_args));
    py::list positional;
    for (size_t i = 0; i < n; ++i)
      positional.append(py::handle(args[i]));
    py::dict named;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i)
      named[py::handle(PyTuple_GET_ITEM(names, i))] = py::handle(args[n + i]);
    const py::object better =
        py::module_::import("fastdl.explain")
            .attr("explain")(py::handle(error), py::handle(function).attr("__name__"),
                             py::handle(function).attr("__doc__"), positional, named);
    if (!better.is_none()) {
      PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(better.ptr())), better.ptr());
      Py_XDECREF(type), Py_XDECREF(error), Py_XDECREF(trace);
      return nullptr;
    }
  } catch (const py::error_already_set&) { // the first error says more than one in the explanation
  }
  PyErr_Restore(type, error, trace);
  return nullptr;
}

PyObject* pass_on(PyObject* object, PyObject* const* args, size_t n_args, PyObject* names) {
  PyObject* function = reinterpret_cast<PyCall*>(object)->function;
  PyObject* result = PyObject_Vectorcall(function, args, n_args, names);
  return result ? result : explain(function, args, n_args, names);
}

PyObject* call_direct(PyObject* object, PyObject* const* args, size_t n_args, PyObject* names) {
  const DirectCall& direct = *reinterpret_cast<PyCall*>(object)->direct;
  if (!names && PyVectorcall_NARGS(n_args) == direct.n) {
    const Tensor* tensors[kMostDirect];
    int n = 0;
    while (n < direct.n && is_tensor(args[n])) {
      tensors[n] = &reinterpret_cast<PyTensor*>(args[n])->value;
      ++n;
    }
    if (n == direct.n) {
      try {
        return wrap(direct.function(direct.op, tensors));
      } catch (...) { // thrown again below, where pybind11 makes a Python error of it
      }
    }
  }
  return pass_on(object, args, n_args, names);
}

PyObject* bind_method(PyObject* object, PyObject* self, PyObject*) {
  return self && self != Py_None ? PyMethod_New(object, self) : Py_NewRef(object);
}

PyObject* attribute(PyObject* object, PyObject* name) {
  PyObject* own = PyObject_GenericGetAttr(object, name);
  if (own || !PyErr_ExceptionMatches(PyExc_AttributeError))
    return own;
  PyErr_Clear();
  return PyObject_GetAttr(reinterpret_cast<PyCall*>(object)->function, name);
}

PyObject* represent(PyObject* object) {
  return PyObject_Repr(reinterpret_cast<PyCall*>(object)->function);
}

void destroy(PyObject* object) {
  Py_DECREF(reinterpret_cast<PyCall*>(object)->function);
  PyObject_Free(object);
}

PyTypeObject make_call_type() {
  PyTypeObject type{};
  Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1); // static: never freed
  type.tp_name = "fastdl._C.Call";
  type.tp_basicsize = sizeof(PyCall);
  type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
  type.tp_vectorcall_offset = offsetof(PyCall, call);
  type.tp_call = PyVectorcall_Call;
  type.tp_descr_get = bind_method;
  type.tp_getattro = attribute;
  type.tp_repr = represent;
  type.tp_dealloc = destroy;
  return type;
}

PyTypeObject PyCallType = make_call_type();

} // namespace

void call_directly(Op op, int n, Direct direct) { direct_calls[info(op).name] = {op, n, direct}; }

// Puts a Call before every function bound so far.
void wrap_calls(py::module_& m) {
  if (PyType_Ready(&PyCallType) < 0)
    throw py::error_already_set();
  for (auto [name, value] : py::dict(m.attr("__dict__"))) {
    if (!PyCFunction_Check(value.ptr()))
      continue;
    auto* wrapped = PyObject_New(PyCall, &PyCallType);
    if (!wrapped)
      throw py::error_already_set();
    wrapped->function = Py_NewRef(value.ptr());
    const auto direct = direct_calls.find(py::cast<std::string>(name));
    wrapped->direct = direct == direct_calls.end() ? nullptr : &direct->second;
    wrapped->call = wrapped->direct ? call_direct : pass_on;
    m.attr(name) = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(wrapped));
  }
}

} // namespace fastdl
