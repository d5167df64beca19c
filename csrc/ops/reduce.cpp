#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {

void bind_reduce(py::module_&) {}

}  // namespace fastdl
