#include "ops/reduce.h"

#include <algorithm>

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"
#include "ops/index.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// Which dimensions are reduced: None or () means all, as in PyTorch.
struct Reduced {
  bool dim[kMaxDims] = {};
};

Reduced reduced_dims(const char* op, const Tensor& x, const py::object& dim) {
  Reduced reduced;
  const auto add = [&](py::handle d) {
    require<TypeError>(PyIndex_Check(d.ptr()), op,
                       ": dim: expected an int, a tuple of ints or None, "
                       "got ",
                       Py_TYPE(d.ptr())->tp_name);
    bool& seen = reduced.dim[wrap_dim(op, as_index(d, op, ": dim"), x.ndim())];
    require(!seen, op, ": dim: expected each dimension once, got ",
            py::repr(dim).cast<std::string>());
    seen = true;
  };
  if (py::isinstance<py::tuple>(dim) || py::isinstance<py::list>(dim))
    for (py::handle d : dim)
      add(d);
  else if (!dim.is_none())
    add(dim);
  if (std::none_of(reduced.dim, reduced.dim + kMaxDims, [](bool r) { return r; }))
    std::fill_n(reduced.dim, kMaxDims, true);
  return reduced;
}

Dims reduced_shape(const Tensor& x, const Reduced& reduced, bool keepdim) {
  Dims shape;
  for (int d = 0; d < x.ndim(); ++d) {
    if (!reduced.dim[d])
      shape.push(x.shape[d]);
    else if (keepdim)
      shape.push(1);
  }
  return shape;
}

Tensor reordered(const Tensor& x, const int* order) {
  Tensor out = x;
  for (int i = 0; i < x.ndim(); ++i) {
    out.shape[i] = x.shape[order[i]];
    out.strides[i] = x.strides[order[i]];
  }
  return out;
}

// x as a row-major (outer, length, inner): as it lies in memory, if the reduced dimensions are
// neighbours there and the kept ones in order; else copied, with the reduced dimensions last.
Tensor arrange_for_reduction(const Tensor& x, const Reduced& reduced, bool in_order,
                             ReduceParams& p) {
  int order[kMaxDims];
  for (int d = 0; d < x.ndim(); ++d)
    order[d] = d;
  if (!x.is_contiguous())
    std::stable_sort(order, order + x.ndim(),
                     [&](int a, int b) { return x.strides[a] > x.strides[b]; });
  int last_kept = -1, last_reduced = -1, changes = 0;
  bool fits = true, before = false;
  for (int i = 0; i < x.ndim(); ++i) {
    const int d = order[i];
    if (x.shape[d] == 1)
      continue;
    int& last = reduced.dim[d] ? last_reduced : last_kept;
    fits = fits && (d > last || (reduced.dim[d] && !in_order));
    last = d;
    changes += reduced.dim[d] != before;
    before = reduced.dim[d];
  }
  Tensor arranged = reordered(x, order);
  if (!fits || changes > 2 || !arranged.is_contiguous()) {
    int n = 0;
    for (const bool wanted : {false, true})
      for (int d = 0; d < x.ndim(); ++d)
        if (reduced.dim[d] == wanted)
          order[n++] = d;
    arranged = contiguous(reordered(x, order));
  }
  p.outer = p.length = p.inner = 1;
  bool seen = false;
  for (int i = 0; i < x.ndim(); ++i) {
    const int64_t size = x.shape[order[i]];
    if (reduced.dim[order[i]]) {
      p.length *= size;
      seen = seen || size != 1;
    } else {
      (seen ? p.inner : p.outer) *= size;
    }
  }
  if (!seen) // one element each: neighbours go together
    std::swap(p.outer, p.inner);
  return arranged;
}

constexpr int64_t kReduceChunk = 32768, kReduceChunkRows = 256;

Tensor reduction(Op op, const Tensor& input, DType result, const py::object& dim, bool keepdim,
                 bool in_order = false, double correction = 0) {
  const Reduced reduced = reduced_dims(info(op).name, input, dim);
  ReduceParams p{};
  p.correction = correction;
  const Tensor x = arrange_for_reduction(input, reduced, in_order, p);
  p.chunk =
      std::max(kReduceChunkRows, kReduceChunk / std::clamp<int64_t>(p.inner, 1, kReduceColumns));
  p.chunks = std::max<int64_t>(1, (p.length + p.chunk - 1) / p.chunk);
  p.stage = p.chunks == 1 ? ReduceStage::whole : ReduceStage::partial;
  const Tensor out = empty(reduced_shape(input, reduced, keepdim), result);
  const int64_t blocks = (p.inner + kReduceColumns - 1) / kReduceColumns;
  const int64_t units = p.outer * p.chunks * blocks;
  if (p.stage == ReduceStage::whole) {
    launch(op, input.dtype, {&out, &x}, p, units);
    return out;
  }
  const Tensor partials = empty({p.outer, p.chunks, p.inner, kReducePartialBytes}, DType::uint8);
  launch(op, input.dtype, {&partials, &x}, p, units);
  p.stage = ReduceStage::combine;
  launch(op, input.dtype, {&out, &partials}, p,
         (p.outer * p.inner + kReduceColumns - 1) / kReduceColumns);
  return out;
}

template <Op op> Tensor total_of(const Tensor& input, const py::object& dim, bool keepdim) {
  return reduction(op, input, is_float(input.dtype) ? input.dtype : DType::int64, dim, keepdim);
}

template <Op op> Tensor of_floats(const Tensor& input, const py::object& dim, bool keepdim) {
  require_float(info(op).name, "input", input);
  return reduction(op, input, input.dtype, dim, keepdim);
}

Tensor var_of(const Tensor& input, const py::object& dim, double correction, bool keepdim) {
  require_float("var", "input", input);
  return reduction(Op::var, input, input.dtype, dim, keepdim, false, correction);
}

// An extremum of nothing does not exist (where the result has elements at all).
void require_elements(const char* op, const Tensor& x, const py::object& dim) {
  const Reduced reduced = reduced_dims(op, x, dim);
  if (x.numel() || reduced_shape(x, reduced, false).product() == 0)
    return;
  for (int d = 0; d < x.ndim(); ++d)
    require(!reduced.dim[d] || x.shape[d], op,
            ": dim: expected dimensions that are not empty, got "
            "dimension ",
            d, " of shape ", x.shape);
}

template <Op op> Tensor extremum(const Tensor& input, const py::object& dim, bool keepdim) {
  require_elements(info(op).name, input, dim);
  return reduction(op, input, input.dtype, dim, keepdim);
}

template <Op op> Tensor argument(const Tensor& input, const py::object& dim, bool keepdim) {
  const char* name = info(op).name;
  require<TypeError>(dim.is_none() || PyIndex_Check(dim.ptr()), name,
                     ": dim: expected an int or None, got ", Py_TYPE(dim.ptr())->tp_name);
  require_elements(name, input, dim);
  return reduction(op, input, DType::int64, dim, keepdim, true);
}

// The extremum along a dimension, and where it stands.
template <Op op>
py::tuple extremum_along(const Tensor& input, const py::object& dim, bool keepdim) {
  Tensor indices = argument<op>(input, dim, true);
  if (input.ndim() == 0)
    return py::make_tuple(clone(input), std::move(indices));
  const int d = wrap_dim(info(op).name, as_index(dim), input.ndim());
  Tensor values = gather_known(input, d, indices);
  if (!keepdim)
    for (Tensor* x : {&values, &indices}) {
      x->shape.erase(d);
      x->strides.erase(d);
    }
  return py::make_tuple(std::move(values), std::move(indices));
}

template <Op op> Tensor truth(const Tensor& input, const py::object& dim, bool keepdim) {
  return reduction(op, cast(input, DType::boolean), DType::boolean, dim, keepdim);
}

} // namespace

void bind_reduce(py::module_& m) {
  const auto def = [&](const char* name, auto function) {
    m.def(name, function, py::arg("input"), py::arg("dim") = py::none(),
          py::arg("keepdim") = false);
  };
  def("sum", &total_of<Op::sum>);
  def("prod", &total_of<Op::prod>);
  def("mean", &of_floats<Op::mean>);
  def("norm", &of_floats<Op::norm>);
  def("amax", &extremum<Op::amax>);
  def("amin", &extremum<Op::amin>);
  def("argmax", &argument<Op::argmax>);
  def("argmin", &argument<Op::argmin>);
  def("max", &extremum_along<Op::argmax>);
  def("min", &extremum_along<Op::argmin>);
  def("all", &truth<Op::all>);
  def("any", &truth<Op::any>);
  m.def("var", &var_of, py::arg("input"), py::arg("dim"), py::arg("correction"),
        py::arg("keepdim"));
}

} // namespace fastdl
