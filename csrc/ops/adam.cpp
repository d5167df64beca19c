#include "ops/adam.h"

#include "core/arena.h"
#include "core/elementwise.h"

namespace py = pybind11;

namespace fastdl {
namespace {

void adam_step(const py::list& params, const Tensor& flat, const Tensor& segments,
               const Tensor& hyper, const Tensor& counts, const Tensor& first, const Tensor& second,
               const Tensor* largest) {
  const Gradients gradients = gather_gradients("adam", params, flat, segments);
  if (!gradients.any)
    return;
  const ArenaParams arena{flat.numel(), static_cast<int64_t>(params.size())};
  check_state("adam", hyper, sizeof(AdamHyper) / sizeof(double), counts,
              arena.segments * static_cast<int64_t>(sizeof(AdamCount) / sizeof(double)), flat,
              {&first, &second, largest});
  launch_step(Op::adam_advance, DType::float64, {&hyper, &counts}, gradients, arena, 1);
  launch_step(Op::adam, flat.dtype, {&hyper, &counts, &segments, &flat, &first, &second, largest},
              gradients, arena, blocks(arena.numel));
  count_changes(params, gradients);
}

} // namespace

void bind_adam(py::module_& m) {
  m.def("adam", &adam_step, py::arg("params"), py::arg("flat"), py::arg("segments"),
        py::arg("hyper"), py::arg("counts"), py::arg("first"), py::arg("second"),
        py::arg("largest").none(true));
}

} // namespace fastdl
