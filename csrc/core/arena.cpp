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

void bind_arena(py::module_& m) {
  m.def("in_arena", &in_arena, py::arg("params"), py::arg("flat"), py::arg("segments"),
        "Whether each parameter is its segment of `flat`; checks their gradients.");
}

} // namespace fastdl
