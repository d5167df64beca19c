// The entry of the binding: the tensor type, the services of core, and every stem of ops.def.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "core/buffer.h"
#include "core/check.h"
#include "core/parallel.h"
#include "core/py_tensor.h"
#include "core/registry.h"

namespace py = pybind11;

namespace fastdl {
#define OP(stem, name, kind)
#define STEM(stem) void bind_##stem(py::module_&);
#define HOST_STEM(stem) STEM(stem)
#include "ops.def"
#undef STEM
#undef HOST_STEM
#undef OP
void bind_core(py::module_& m);
void bind_step(py::module_& m);
void wrap_calls(py::module_& m);
} // namespace fastdl

PYBIND11_MODULE(_C, m) {
  using namespace fastdl;
  init_registry();
  num_threads(); // reads FASTDL_NUM_THREADS: a wrong value is an error of the import
  bind_core(m);
#define OP(stem, name, kind)
#define STEM(stem) bind_##stem(m);
#define HOST_STEM(stem) STEM(stem)
#include "ops.def"
#undef STEM
#undef HOST_STEM
#undef OP
  bind_step(m);
  wrap_calls(m);
}
