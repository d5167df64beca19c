#include "core/arena.h"

#include "core/check.h"
#include "core/recorder.h"

namespace py = pybind11;

namespace fastdl {
namespace {

PyTensor* parameter(const py::list& params, int64_t i) {
  PyObject* object = PyList_GET_ITEM(params.ptr(), i);
  require<TypeError>(is_tensor(object), "step: parameter ", i, ": expected a Tensor, got ",
                     Py_TYPE(object)->tp_name);
  return reinterpret_cast<PyTensor*>(object);
}

const Tensor* gradient(PyTensor* parameter) {
  if (recorder) [[unlikely]]
    recorder->grad_read(parameter);
  PyObject* grad = parameter->grad;
  return grad && grad != Py_None ? &reinterpret_cast<PyTensor*>(grad)->value : nullptr;
}

// Whether what an object is can never change.
bool is_constant(PyObject* object) {
  if (PyTuple_CheckExact(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i)
      if (!is_constant(PyTuple_GET_ITEM(object, i)))
        return false;
    return true;
  }
  return object == Py_None || PyFloat_CheckExact(object) || PyLong_CheckExact(object) ||
         PyBool_Check(object) || PyUnicode_CheckExact(object);
}

} // namespace

bool in_arena(const py::list& params, const Tensor& flat, const Tensor& segments) {
  const auto n = static_cast<int64_t>(params.size());
  require(segments.dtype == DType::int64 && segments.shape == Dims{n, 2} &&
              segments.is_contiguous(),
          "step: segments: expected int64 of shape ", Dims{n, 2}, ", got ", segments.shape);
  bool all = true;
  for (int64_t i = 0; i < n; ++i) {
    PyTensor* p = parameter(params, i);
    const Tensor& x = p->value;
    const Segment& s = segments.as<Segment>()[i];
    const bool there = x.buffer.get() == flat.buffer.get() && x.offset == flat.offset + s.begin;
    all = all && x.dtype == flat.dtype && x.is_contiguous() && x.numel() == s.length &&
          (there || s.length == 0);
    if (const Tensor* g = gradient(p))
      require(g->shape == x.shape && g->dtype == x.dtype, "step: gradient of parameter ", i,
              ": expected shape ", x.shape, " and dtype ", name_of(x.dtype), ", got ", g->shape,
              " and ", name_of(g->dtype));
  }
  return all;
}

Gradients gather_gradients(const char* op, const py::list& params, const Tensor& flat,
                           const Tensor& segments) {
  require<std::runtime_error>(in_arena(params, flat, segments), op,
                              ": expected every parameter to lie in its segment");
  const auto n = static_cast<int64_t>(params.size());
  Gradients found;
  found.operands.reserve(n);
  found.copies.reserve(n); // operands point into it
  for (int64_t i = 0; i < n; ++i) {
    const Tensor* g = gradient(parameter(params, i));
    found.any |= g != nullptr;
    if (g && (!g->is_contiguous() || g->buffer.get() == flat.buffer.get())) {
      found.copies.push_back(clone(*g));
      g = &found.copies.back();
    }
    found.operands.push_back(g);
  }
  return found;
}

void check_state(const char* op, const Tensor& hyper, int64_t n_hyper, const Tensor& counts,
                 int64_t n_counts, const Tensor& flat, std::initializer_list<const Tensor*> state) {
  const auto check = [&](const char* name, const Tensor& x, int64_t n) {
    require(x.dtype == DType::float64 && x.is_contiguous() && x.numel() == n, op, ": ", name,
            ": expected ", n, " float64, got shape ", x.shape, " and dtype ", name_of(x.dtype));
  };
  check("hyper", hyper, n_hyper);
  check("counts", counts, n_counts);
  for (const Tensor* x : state)
    require(!x || (x->dtype == flat.dtype && x->shape == flat.shape && x->is_contiguous()), op,
            ": state: expected shape ", flat.shape, " and dtype ", name_of(flat.dtype));
}

void launch_step(Op op, DType dtype, std::initializer_list<const Tensor*> operands,
                 const Gradients& gradients, const ArenaParams& params, int64_t units) {
  std::vector<const Tensor*> all(operands);
  all.insert(all.end(), gradients.operands.begin(), gradients.operands.end());
  launch_bytes(op, dtype, all.data(), static_cast<int>(all.size()), &params, sizeof params, units,
               kNoDraw, kByBytes);
}

void count_changes(const py::list& params, const Gradients& gradients) {
  for (size_t i = 0; i < gradients.operands.size(); ++i) {
    if (!gradients.operands[i])
      continue;
    count_change(parameter(params, static_cast<int64_t>(i)));
  }
}

namespace {

// seen: of each group the values it had, and (params, flat, segments) of each of its arenas.
bool is_settled(const py::list& groups, const py::list& seen) {
  if (groups.size() != seen.size())
    return false;
  for (size_t g = 0; g < groups.size(); ++g) {
    PyObject *group = PyList_GET_ITEM(groups.ptr(), g), *was = PyList_GET_ITEM(seen.ptr(), g);
    PyObject *values = PyTuple_GET_ITEM(was, 0), *arenas = PyTuple_GET_ITEM(was, 1);
    if (!PyDict_Check(group) || PyDict_GET_SIZE(group) != PyTuple_GET_SIZE(values))
      return false;
    Py_ssize_t laid_out = 0, at = 0, i = 0;
    for (Py_ssize_t a = 0; a < PyTuple_GET_SIZE(arenas); ++a) {
      PyObject* arena = PyTuple_GET_ITEM(arenas, a);
      const auto params = py::reinterpret_borrow<py::list>(PyTuple_GET_ITEM(arena, 0));
      const auto *flat = reinterpret_cast<PyTensor*>(PyTuple_GET_ITEM(arena, 1)),
                 *segments = reinterpret_cast<PyTensor*>(PyTuple_GET_ITEM(arena, 2));
      if (!in_arena(params, flat->value, segments->value))
        return false;
      laid_out += PyList_GET_SIZE(params.ptr());
    }
    for (PyObject *key, *value; PyDict_Next(group, &at, &key, &value); ++i) {
      const bool same =
          PyList_CheckExact(value) && PyUnicode_CompareWithASCIIString(key, "params") == 0
              ? PyList_GET_SIZE(value) == laid_out
              : is_constant(value);
      if (!same || value != PyTuple_GET_ITEM(values, i))
        return false;
    }
  }
  return true;
}

} // namespace

void bind_arena(py::module_& m) {
  m.def("in_arena", &in_arena, py::arg("params"), py::arg("flat"), py::arg("segments"),
        "Whether each parameter is its segment of `flat`; checks their gradients.");
  m.def("is_settled", &is_settled, py::arg("groups"), py::arg("seen"),
        "Whether an optimizer's groups have the values they had, and its parameters their places.");
}

} // namespace fastdl
