// Tensors joined: plain copies into slices of a new one.
#include <algorithm>
#include <vector>

#include "core/check.h"
#include "core/operand.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// The tensors of a sequence; TypeError names the one that is none.
std::vector<Tensor> tensors_of(const char* op, const py::object& sequence) {
  require<TypeError>(py::isinstance<py::list>(sequence) || py::isinstance<py::tuple>(sequence), op,
                     ": tensors: expected a list or a tuple, got ",
                     Py_TYPE(sequence.ptr())->tp_name);
  std::vector<Tensor> tensors;
  for (py::handle item : sequence) {
    require<TypeError>(is_tensor(item.ptr()), op, ": tensors[", tensors.size(),
                       "]: expected a Tensor, got ", Py_TYPE(item.ptr())->tp_name);
    tensors.push_back(reinterpret_cast<PyTensor*>(item.ptr())->value);
  }
  require(!tensors.empty(), op, ": tensors: expected at least one");
  return tensors;
}

// The tensors one after another along dim; their other sizes agree.
Tensor join(const std::vector<Tensor>& tensors, int dim) {
  Tensor first = tensors[0]; // its dtype becomes that of all
  Dims shape = first.shape;
  shape[dim] = 0;
  for (const Tensor& x : tensors) {
    first.dtype = result_type({.tensor = &first}, {.tensor = &x});
    shape[dim] += x.shape[dim];
  }
  const Tensor out = empty(shape, first.dtype);
  Tensor slice = out;
  for (const Tensor& x : tensors) {
    slice.shape[dim] = x.shape[dim];
    if (x.numel())
      copy_into(slice, x);
    slice.offset += x.shape[dim] * out.strides[dim];
  }
  return out;
}

Tensor cat(const py::object& sequence, int64_t dim) {
  std::vector<Tensor> tensors = tensors_of("cat", sequence);
  const auto is_nothing = [](const Tensor& x) { return x.ndim() == 1 && x.shape[0] == 0; };
  // As in PyTorch, tensors of shape (0,) fit anything.
  const auto model = std::find_if_not(tensors.begin(), tensors.end(), is_nothing);
  const int64_t named = model == tensors.end() ? 0 : model - tensors.begin();
  const Dims expected = tensors[named].shape;
  require(expected.n > 0, "cat: tensors[", named, "]: expected at least one dimension, got shape ",
          expected);
  const int d = wrap_dim("cat", dim, expected.n);
  for (size_t i = 0; i < tensors.size(); ++i) {
    Dims shape = expected;
    if (is_nothing(tensors[i])) {
      shape[d] = 0;
      tensors[i] = empty(shape, tensors[i].dtype);
    }
    const Tensor& x = tensors[i];
    if (x.ndim() == expected.n)
      shape[d] = x.shape[d];
    require(x.shape == shape, "cat: tensors[", i, "]: expected shape ", expected, " as of tensors[",
            named, "], except in dimension ", d, ", got ", x.shape);
  }
  return join(tensors, d);
}

Tensor stack(const py::object& sequence, int64_t dim) {
  std::vector<Tensor> tensors = tensors_of("stack", sequence);
  const Dims expected = tensors[0].shape;
  const int d = wrap_dim("stack", dim, expected.n + 1);
  for (size_t i = 0; i < tensors.size(); ++i) {
    Tensor& x = tensors[i];
    require(x.shape == expected, "stack: tensors[", i, "]: expected shape ", expected,
            " as of tensors[0], got ", x.shape);
    x.shape.insert(d, 1);
    x.strides.insert(d, 0);
  }
  return join(tensors, d);
}

} // namespace

void bind_cat(py::module_& m) {
  m.def("cat", &cat, py::arg("tensors"), py::arg("dim") = 0);
  m.def("stack", &stack, py::arg("tensors"), py::arg("dim") = 0);
}

} // namespace fastdl
