#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {

void bind_adam(py::module_&) {}

}  // namespace fastdl
