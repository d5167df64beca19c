#include "ops/sgd.h"

#include "core/arena.h"
#include "core/elementwise.h"

namespace py = pybind11;

namespace fastdl {
namespace {

void sgd_step(const py::list& params, const Tensor& flat, const Tensor& segments,
              const Tensor& hyper, const Tensor& counts, const Tensor* buffer) {
  const Gradients gradients = gather_gradients("sgd", params, flat, segments);
  if (!gradients.any)
    return;
  const ArenaParams arena{flat.numel(), static_cast<int64_t>(params.size())};
  check_state("sgd", hyper, sizeof(SgdHyper) / sizeof(double), counts, arena.segments, flat,
              {buffer});
  if (buffer)
    launch_step(Op::sgd_advance, DType::float64, {&hyper, &counts}, gradients, arena, 1);
  launch_step(Op::sgd, flat.dtype, {&hyper, &counts, &segments, &flat, buffer}, gradients, arena,
              blocks(arena.numel));
  count_changes(params, gradients);
}

} // namespace

void bind_sgd(py::module_& m) {
  m.def("sgd", &sgd_step, py::arg("params"), py::arg("flat"), py::arg("segments"), py::arg("hyper"),
        py::arg("counts"), py::arg("buffer").none(true));
}

} // namespace fastdl
