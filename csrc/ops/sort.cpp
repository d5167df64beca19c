#include "ops/sort.h"

#include <algorithm>

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// Rows of which there are few and which are that long are dealt out; of many short ones so many
// bytes are sorted at a time.
constexpr int64_t kFewRows = 8, kLongRow = 4 * kSortBlock, kScratchBytes = 32 << 20;

// x with d as its last dimension, or that undone.
Tensor with_last(const Tensor& x, int d, bool undo = false) {
  Tensor out = x;
  const int last = x.ndim() - 1, from = undo ? last : d, to = undo ? d : last;
  out.shape.erase(from), out.strides.erase(from);
  out.shape.insert(to, x.shape[from]), out.strides.insert(to, x.strides[from]);
  return out;
}

// Rows [first, first + count) of a row-major tensor.
Tensor some_rows(const Tensor& x, int64_t first, int64_t count, int64_t length) {
  Tensor out = x;
  out.offset += first * length;
  out.shape = {count, length};
  out.strides = {length, 1};
  return out;
}

void sort_dealt_out(const Tensor& x, const Tensor& values, const Tensor& indices, SortParams p) {
  p.blocks = (p.length + kSortBlock - 1) / kSortBlock;
  const Tensor scratch = empty({p.rows, 2 * p.length, sort_pair_bytes(x.dtype)}, DType::uint8);
  const Tensor counts = empty({p.rows, sort_counts(p.blocks)}, DType::int32);
  for (SortStage stage :
       {SortStage::range, SortStage::count, SortStage::place, SortStage::deal, SortStage::parts}) {
    p.stage = stage;
    const int64_t of_row = stage == SortStage::place   ? 1
                           : stage == SortStage::parts ? kSortDigits
                                                       : p.blocks;
    launch(Op::sort, x.dtype, {&values, &indices, &x, &scratch, &counts}, p, p.rows * of_row);
  }
}

// The first k of each row along dim, with their indices.
py::tuple sorted(Op op, const Tensor& input, int64_t k, int64_t dim, bool descending) {
  const char* name = info(op).name;
  const int d = wrap_dim(name, dim, input.ndim());
  Tensor moved = input;
  if (input.ndim())
    moved = with_last(input, d);
  const int64_t length = input.ndim() ? input.shape[d] : 1;
  if (op == Op::sort)
    k = length;
  require(0 <= k && k <= length, name, ": k: expected an int in [0, ", length, "], got ", k);
  require(length <= INT32_MAX, name, ": dim: expected a size of at most ", INT32_MAX, ", got ",
          length);
  const Tensor x = contiguous(moved);
  Dims shape = x.shape;
  if (shape.n)
    shape[shape.n - 1] = k;
  const Tensor values = empty(shape, x.dtype), indices = empty(shape, DType::int64);
  SortParams p{length ? x.numel() / length : 0, length, k, 0, SortStage::whole, descending};
  if (values.numel() == 0) {
  } else if (op == Op::sort && p.rows < kFewRows && length >= kLongRow) {
    sort_dealt_out(x, values, indices, p);
  } else {
    const int64_t room = 2 * length * sort_pair_bytes(x.dtype), rows = p.rows;
    const int64_t most = std::clamp<int64_t>(kScratchBytes / room, 1, rows);
    const Tensor scratch = empty({most, room}, DType::uint8);
    for (int64_t first = 0; first < rows; first += most) {
      p.rows = std::min(most, rows - first);
      const Tensor to = some_rows(values, first, p.rows, k),
                   at = some_rows(indices, first, p.rows, k),
                   from = some_rows(x, first, p.rows, length);
      launch(op, x.dtype, {&to, &at, &from, &scratch, nullptr}, p, p.rows);
    }
  }
  if (input.ndim() < 2 || d == input.ndim() - 1)
    return py::make_tuple(values, indices);
  return py::make_tuple(contiguous(with_last(values, d, true)),
                        contiguous(with_last(indices, d, true)));
}

} // namespace

void bind_sort(py::module_& m) {
  m.def(
      "sort",
      [](const Tensor& input, int64_t dim, bool descending) {
        return sorted(Op::sort, input, 0, dim, descending);
      },
      py::arg("input"), py::arg("dim") = -1, py::arg("descending") = false);
  m.def(
      "topk",
      [](const Tensor& input, int64_t k, int64_t dim, bool largest) {
        return sorted(Op::topk, input, k, dim, largest);
      },
      py::arg("input"), py::arg("k"), py::arg("dim") = -1, py::arg("largest") = true);
}

} // namespace fastdl
