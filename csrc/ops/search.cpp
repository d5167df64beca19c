#include "ops/search.h"

#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

Tensor searchsorted(const Tensor& sequence, const Tensor& input, bool right) {
  require_same_dtype("searchsorted", "input", input, sequence.dtype);
  require(sequence.ndim() > 0,
          "searchsorted: sorted_sequence: expected at least one dimension, got shape ()");
  const int last = sequence.ndim() - 1;
  Dims rows = sequence.shape, expected = input.shape;
  rows.erase(last);
  if (expected.n)
    expected.erase(expected.n - 1);
  require(last == 0 || (input.ndim() == sequence.ndim() && rows == expected),
          "searchsorted: input: expected a shape that agrees with that of sorted_sequence ",
          sequence.shape, " except in its last dimension, got ", input.shape);
  const Tensor x = contiguous(input), sorted = contiguous(sequence);
  const Tensor out = empty(x.shape, DType::int64);
  if (x.numel() == 0)
    return out;
  const SearchParams p{x.numel(), last ? x.shape[last] : x.numel(), sorted.shape[last], right};
  const int64_t steps = 64 - __builtin_clzll(static_cast<uint64_t>(p.length) | 1);
  launch(Op::searchsorted, x.dtype, {&out, &x, &sorted}, p, blocks(p.numel), kNoDraw,
         p.numel * steps * item_size(x.dtype));
  return out;
}

} // namespace

void bind_search(py::module_& m) {
  m.def("searchsorted", &searchsorted, py::arg("sorted_sequence"), py::arg("input"),
        py::arg("right") = false);
}

} // namespace fastdl
