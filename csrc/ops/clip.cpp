#include "ops/clip.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// Tensors of one dtype as a kernel takes them: the operand in front, then they; the params behind
// each other.
struct Batch {
  std::vector<const Tensor*> operands;
  std::vector<int64_t> params;
  int64_t units = 0;

  Batch(const Tensor& front, int64_t kind) : operands{&front}, params{kind, 0} {}
  void add(const Tensor& x) {
    operands.push_back(&x);
    params.insert(params.end(), {units, x.numel()});
    units += blocks(x.numel());
    ++params[1];
  }
  void launch(Op op, DType dtype) {
    launch_bytes(op, dtype, operands.data(), static_cast<int>(operands.size()), params.data(),
                 static_cast<int>(params.size() * sizeof(int64_t)), units, kNoDraw, kByBytes);
  }
};

std::vector<Tensor> tensors_in(const char* op, const py::list& list) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < list.size(); ++i) {
    const py::handle item = list[i];
    require<TypeError>(is_tensor(item.ptr()), op, ": tensor ", i, ": expected a Tensor, got ",
                       Py_TYPE(item.ptr())->tp_name);
    tensors.push_back(reinterpret_cast<PyTensor*>(item.ptr())->value);
    require_float(op, "tensors", tensors.back());
  }
  return tensors;
}

Tensor norm_of(const py::list& list, int64_t kind) {
  require(kind >= ClipParams::largest && kind <= ClipParams::square,
          "norm_of: kind: expected 0, 1 or 2, got ", kind);
  std::vector<Tensor> tensors = tensors_in("norm_of", list);
  int64_t units = 0;
  for (Tensor& x : tensors) {
    x = contiguous(x);
    units += blocks(x.numel());
  }
  const Tensor parts = empty({units}, DType::float64), norm = empty({}, DType::float64);
  int64_t done = 0;
  for (DType dtype : {DType::float32, DType::float64}) {
    Tensor mine = parts;
    mine.offset += done;
    mine.shape = {units - done};
    Batch batch(mine, kind);
    for (const Tensor& x : tensors)
      if (x.dtype == dtype && x.numel() > 0)
        batch.add(x);
    if (batch.units > 0)
      batch.launch(Op::norm_parts, dtype);
    done += batch.units;
  }
  const ClipParams params{static_cast<ClipParams::Kind>(kind), units};
  launch(Op::norm_whole, DType::float64, {&norm, &parts}, params, 1);
  return norm;
}

// Whether the memory of one reaches into that of another.
bool overlap(const std::vector<Tensor>& tensors) {
  std::vector<std::pair<uintptr_t, uintptr_t>> spans;
  for (const Tensor& x : tensors) {
    int64_t last = 0; // strides are not negative
    for (int d = 0; d < x.ndim(); ++d)
      last += (x.shape[d] - 1) * x.strides[d];
    const auto first = reinterpret_cast<uintptr_t>(x.data());
    if (x.numel() > 0)
      spans.emplace_back(first, first + static_cast<uintptr_t>((last + 1) * item_size(x.dtype)));
  }
  std::sort(spans.begin(), spans.end());
  for (size_t i = 1; i < spans.size(); ++i)
    if (spans[i].first < spans[i - 1].second)
      return true;
  return false;
}

void scale_(const py::list& list, const Tensor& factor) {
  const std::vector<Tensor> tensors = tensors_in("scale_", list);
  require(factor.dtype == DType::float64 && factor.numel() == 1,
          "scale_: factor: expected one float64, got shape ", factor.shape, " and dtype ",
          name_of(factor.dtype));
  for (const Tensor& x : tensors)
    require_writable("scale_", x);
  if (overlap(tensors)) { // one after another: two threads must not meet in one element
    for (const py::handle item : list) {
      py::list one;
      one.append(item);
      scale_(one, factor);
    }
    return;
  }
  for (DType dtype : {DType::float32, DType::float64}) {
    std::vector<Tensor> copies;
    copies.reserve(tensors.size()); // operands point into it
    Batch batch(factor, ClipParams::largest);
    for (const Tensor& x : tensors)
      if (x.dtype == dtype && x.numel() > 0) {
        if (!x.is_contiguous())
          copies.push_back(clone(x));
        batch.add(x.is_contiguous() ? x : copies.back());
      }
    if (batch.units > 0)
      batch.launch(Op::scale, dtype);
    size_t at = 0;
    for (const Tensor& x : tensors)
      if (x.dtype == dtype && x.numel() > 0 && !x.is_contiguous())
        copy_into(x, copies[at++]);
  }
  for (const py::handle item : list)
    count_change(reinterpret_cast<PyTensor*>(item.ptr()));
}

} // namespace

void bind_clip(py::module_& m) {
  m.def("norm_of", &norm_of, py::arg("tensors"), py::arg("kind"));
  m.def("scale_", &scale_, py::arg("tensors"), py::arg("factor"));
}

} // namespace fastdl
