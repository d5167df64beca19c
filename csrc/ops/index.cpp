#include "ops/index.h"

#include <algorithm>
#include <string>

#include "core/check.h"
#include "core/elementwise.h"
#include "core/operand.h"

namespace py = pybind11;

namespace fastdl {

void raise_bad_index(const IndexCheckParams& p, int64_t at, int64_t value) {
  Dims place;
  place.n = p.ndim;
  int64_t rest = at;
  for (int d = p.ndim - 1; d >= 0; --d) {
    place[d] = rest % p.shape[d];
    rest /= p.shape[d];
  }
  const bool is_class = 0 <= p.ignored && p.ignored < p.size;
  const std::string also = is_class ? "" : " or " + std::to_string(p.ignored) + " (ignored)";
  require<IndexError>(!p.classes, p.op, ": ", p.argument, ": expected a class in [0, ", p.size - 1,
                      "]", also, ", got ", value, " at position ", place);
  raise<IndexError>(p.op, ": ", p.argument, ": expected ints in [", p.low, ", ", p.size - 1,
                    "] for dimension ", p.dim, " of size ", p.size, ", got ", value,
                    " at position ", place);
}

void check_classes(const char* op, const Tensor& target, int64_t classes, int64_t ignored) {
  IndexCheckParams p{op, "target", 0, classes, 0, target.ndim(), {}, target.numel(), true, ignored};
  std::copy(target.shape.begin(), target.shape.end(), p.shape);
  launch(Op::index_check, DType::int64, {nullptr, &target}, p, blocks(p.numel));
}

namespace {

// The indices as row-major int64, all in [low, size) along dim; with `wrapped` given, negative ones
// come out there with size added.
Tensor checked_index(const char* op, const Tensor& index, int dim, int64_t low, int64_t size,
                     const Tensor* wrapped = nullptr, const char* argument = "index") {
  require<TypeError>(index.dtype == DType::int64 || index.dtype == DType::int32, op, ": ", argument,
                     ": expected dtype int64 or int32, got ", name_of(index.dtype));
  const Tensor whole = contiguous(cast(index, DType::int64));
  IndexCheckParams p{op, argument, low, size, dim, whole.ndim(), {}, whole.numel(), false, 0};
  std::copy(whole.shape.begin(), whole.shape.end(), p.shape);
  launch(Op::index_check, DType::int64, {wrapped, &whole}, p, blocks(p.numel));
  return whole;
}

// index, checked for indexing dimension `dim` of that size, negative ones counted from the end.
Tensor wrap_index_of(const char* op, const Tensor& index, int dim, int64_t size) {
  const Tensor wrapped = empty(index.shape, DType::int64);
  checked_index(op, index, dim, -size, size, &wrapped);
  return wrapped;
}
Tensor wrap_index(const Tensor& index, int dim, int64_t size) {
  return wrap_index_of("index", index, dim, size);
}
Tensor wrap_fill_index(const Tensor& index, int dim, int64_t size) {
  return wrap_index_of("index_fill", index, dim, size);
}

int indexed_dim(const char* op, const Tensor& x, int64_t dim) {
  require(x.ndim() > 0, op, ": input: expected at least one dimension, got shape ()");
  return wrap_dim(op, dim, x.ndim());
}

void require_vector(const char* op, const Tensor& index) {
  require(index.ndim() == 1, op, ": index: expected one dimension, got shape ", index.shape);
}

IndexRowsParams rows_params(const Tensor& x, int dim, int64_t count) {
  IndexRowsParams p{1, x.shape[dim], count, 1};
  for (int d = 0; d < dim; ++d)
    p.outer *= x.shape[d];
  for (int d = dim + 1; d < x.ndim(); ++d)
    p.inner *= x.shape[d];
  return p;
}

Tensor index_select(const Tensor& input, int64_t dim, const Tensor& index) {
  const int d = indexed_dim("index_select", input, dim);
  require_vector("index_select", index);
  const Tensor where = checked_index("index_select", index, d, 0, input.shape[d]);
  const IndexRowsParams p = rows_params(input, d, where.numel());
  Dims shape = input.shape;
  shape[d] = p.count;
  const Tensor x = contiguous(input), out = empty(shape, input.dtype);
  launch(Op::index_select, input.dtype, {&out, &x, &where}, p, p.inner ? p.outer * p.count : 0);
  return out;
}

// What index_add and index_copy check: gives the index.
Tensor check_rows(const char* op, const Tensor& input, int dim, const Tensor& index,
                  const Tensor& source) {
  require_vector(op, index);
  require_same_dtype(op, "source", source, input.dtype);
  Dims shape = input.shape;
  shape[dim] = index.numel();
  require(source.shape == shape, op, ": source: expected shape ", shape, ", got ", source.shape);
  return checked_index(op, index, dim, 0, input.shape[dim]);
}

void write_rows(Op op, const Tensor& target, int dim, const Tensor& index, const Tensor& source) {
  const Tensor from = contiguous(source);
  const IndexRowsParams p = rows_params(target, dim, index.numel());
  launch(op, target.dtype, {&target, &index, &from}, p,
         p.outer * ((p.inner + kIndexColumns - 1) / kIndexColumns));
}

template <Op op>
Tensor with_rows(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& source) {
  const char* name = info(op).name;
  const int d = indexed_dim(name, input, dim);
  const Tensor where = check_rows(name, input, d, index, source);
  require<TypeError>(find_kernel(op, input.dtype), name, ": input: no sums of dtype ",
                     name_of(input.dtype));
  const Tensor out = clone(input);
  write_rows(op, out, d, where, source);
  return out;
}

// In place, on a row-major target.
void index_copy_(const Tensor& target, int64_t dim, const Tensor& index, const Tensor& source) {
  require(target.is_contiguous(), "index_copy_: target: expected a contiguous tensor");
  const int d = indexed_dim("index_copy_", target, dim);
  const Tensor where = check_rows("index_copy_", target, d, index, source);
  const bool shared = share_memory(target, source) || share_memory(target, index);
  write_rows(Op::index_copy, target, d, shared ? clone(where) : where,
             shared ? clone(source) : source);
}

void require_covered(const char* op, const char* argument, const Tensor& x, const Tensor& index,
                     int dim) {
  bool fits = index.ndim() == x.ndim();
  for (int d = 0; fits && d < x.ndim(); ++d)
    fits = d == dim || index.shape[d] <= x.shape[d];
  require(fits, op, ": index: expected ", x.ndim(), " dimensions and, except in dimension ", dim,
          ", sizes of at most those of ", argument, " ", x.shape, ", got ", index.shape);
}

// x seen with the index's sizes, not moving along dim.
Tensor seen_by_index(const Tensor& x, const Tensor& index, int dim) {
  Tensor out = x;
  out.shape = index.shape;
  out.strides[dim] = 0;
  return out;
}

} // namespace

Tensor gather_known(const Tensor& input, int d, const Tensor& index) {
  const Tensor out = empty(index.shape, input.dtype), x = seen_by_index(input, index, d);
  const GatherParams p{strided<3>({&out, &index, &x}), input.strides[d]};
  launch(Op::gather, input.dtype, {&out, &index, &x}, p, blocks(p.at.numel));
  return out;
}

namespace {

template <Op op> Tensor gather(const Tensor& input, int64_t dim, const Tensor& index) {
  const char* name = info(op).name;
  const int d = indexed_dim(name, input, dim);
  require_covered(name, "input", input, index, d);
  const char* argument = op == Op::take_along_dim ? "indices" : "index";
  return gather_known(input, d,
                      checked_index(name, index, d, 0, input.shape[d], nullptr, argument));
}

// Elements of src to places of target along d; operands seen with the index's sizes.
void write_elements(Op op, const Tensor& target, int d, const Tensor& index, const Tensor& src) {
  const auto without_dim = [d](Tensor x) {
    x.shape.erase(d);
    x.strides.erase(d);
    return x;
  };
  const Tensor to = without_dim(seen_by_index(target, index, d)), at = without_dim(index),
               from = without_dim(src);
  const ScatterParams p{strided<3>({&to, &at, &from}), index.shape[d], target.strides[d],
                        index.strides[d], src.strides[d]};
  launch(op, target.dtype, {&to, &at, &from}, p, blocks(p.at.numel));
}

template <Op op>
Tensor with_elements(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& src) {
  const char* name = info(op).name;
  const int d = indexed_dim(name, input, dim);
  require_same_dtype(name, "src", src, input.dtype);
  require_covered(name, "input", input, index, d);
  require(src.shape == index.shape, name, ": src: expected the index's shape ", index.shape,
          ", got ", src.shape);
  require<TypeError>(find_kernel(op, input.dtype), name, ": input: no sums of dtype ",
                     name_of(input.dtype));
  const Tensor where = checked_index(name, index, d, 0, input.shape[d]);
  const Tensor out = clone(input);
  if (where.numel())
    write_elements(op, out, d, where, src);
  return out;
}

// (..., classes) with a 1 at every class of tensor.
Tensor one_hot(const Tensor& tensor, int64_t classes) {
  require(classes > 0, "one_hot: num_classes: expected at least 1, got ", classes);
  const int d = tensor.ndim();
  Tensor at = checked_index("one_hot", tensor, d, 0, classes, nullptr, "tensor");
  at.shape.insert(d, 1);
  at.strides.insert(d, 1);
  Dims shape = at.shape;
  shape[d] = classes;
  const Tensor out = empty(shape, DType::int64), one = empty({}, DType::int64);
  fill("one_hot", out, Operand{.kind = DType::int64});
  fill("one_hot", one, Operand{.real = 1, .integer = 1, .kind = DType::int64});
  if (at.numel())
    write_elements(Op::scatter, out, d, at, expand("one_hot", one, at.shape));
  return out;
}

} // namespace

void bind_index(py::module_& m) {
  const auto def = [&](const char* name, auto function, const char* source) {
    m.def(name, function, py::arg("input"), py::arg("dim"), py::arg("index"), py::arg(source));
  };
  m.def("wrap_index", &wrap_index, py::arg("index"), py::arg("dim"), py::arg("size"));
  m.def("wrap_fill_index", &wrap_fill_index, py::arg("index"), py::arg("dim"), py::arg("size"));
  m.def("index_select", &index_select, py::arg("input"), py::arg("dim"), py::arg("index"));
  m.def("gather", &gather<Op::gather>, py::arg("input"), py::arg("dim"), py::arg("index"));
  m.def("take_along_dim", &gather<Op::take_along_dim>, py::arg("input"), py::arg("dim"),
        py::arg("index"));
  def("index_add", &with_rows<Op::index_add>, "source");
  def("index_copy", &with_rows<Op::index_copy>, "source");
  def("index_fill", &with_rows<Op::index_fill>, "source");
  def("index_copy_", &index_copy_, "source");
  def("scatter_add", &with_elements<Op::scatter_add>, "src");
  def("scatter", &with_elements<Op::scatter>, "src");
  def("scatter_reduce", &with_elements<Op::scatter_reduce>, "src");
  m.def("one_hot", &one_hot, py::arg("tensor"), py::arg("num_classes"));
}

} // namespace fastdl
