#include "ops/where.h"

#include "core/cache.h"
#include "core/check.h"
#include "core/elementwise.h"
#include "core/operand.h"

namespace py = pybind11;

namespace fastdl {
namespace {

Tensor where(const Tensor& condition, const Operand& input, const Operand& other) {
  require_same_dtype("where", "condition", condition, DType::boolean);
  const DType dtype = result_type(input, other);
  const Tensor a = as_tensor(input, dtype), b = as_tensor(other, dtype);
  const Dims shape =
      broadcast_shapes("where", broadcast_shapes("where", a.shape, b.shape), condition.shape);
  const Tensor c = expand("where", condition, shape), x = expand("where", a, shape),
               y = expand("where", b, shape), out = empty(shape, dtype);
  const WhereParams params{strided<4>({&out, &c, &x, &y}), beyond_cache(out)};
  launch(Op::where, dtype, {&out, &c, &x, &y}, params, blocks(params.at.numel));
  return out;
}

} // namespace

void bind_where(py::module_& m) {
  m.def("where", &where, py::arg("condition"), py::arg("input"), py::arg("other"));
}

} // namespace fastdl
