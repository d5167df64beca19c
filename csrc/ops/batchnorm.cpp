#include "ops/batchnorm.h"

#include <cmath>

#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

using Step = BatchNormParams::Step;

// Weight and bias may be missing; running statistics are null where training has none.
struct BatchNorm {
  Tensor x; // row-major
  BatchNormParams params;

  int64_t tiles() const { return (params.columns + kBatchColumns - 1) / kBatchColumns; }
  int64_t row_blocks() const { return (params.rows + kBatchRows - 1) / kBatchRows; }
  int64_t units() const { return row_blocks() * tiles(); }
  Tensor partials() const { return empty({row_blocks(), 2, params.columns}, DType::float64); }
  BatchNormParams at(Step step) const {
    BatchNormParams p = params;
    p.step = step;
    return p;
  }
};

BatchNorm checked_batch_norm(const Tensor& input, double eps, double momentum, bool relu,
                             bool training) {
  require_float("batch_norm", "input", input);
  require(input.ndim() == 2, "batch_norm: input: expected shape (rows, columns), got ",
          input.shape);
  require(!training || input.shape[0] > 1,
          "batch_norm: input: expected at least 2 rows in training, got shape ", input.shape);
  require(eps >= 0, "batch_norm: eps: expected a number of at least 0, got ", eps);
  return {contiguous(input), {input.shape[0], input.shape[1], eps, momentum, Step::partial, relu}};
}

// One number for each column; null stays null.
void check_columns(const char* name, const Tensor* x, const BatchNorm& bn) {
  if (!x)
    return;
  require_same_dtype("batch_norm", name, *x, bn.x.dtype);
  require(x->shape == Dims{bn.params.columns}, "batch_norm: ", name, ": expected shape ",
          Dims{bn.params.columns}, ", got ", x->shape);
}

// ColumnValues-major, for a kernel; null stays null.
struct ColumnValues {
  Tensor tensor;
  bool given;
  explicit ColumnValues(const Tensor* x) : given(x) {
    if (x)
      tensor = contiguous(*x);
  }
  const Tensor* get() const { return given ? &tensor : nullptr; }
};

// Writes a row that is a copy of `target` back.
void put_back(const ColumnValues& row, const Tensor* target) {
  if (target && row.tensor.buffer.get() != target->buffer.get())
    copy_into(*target, row.tensor);
}

Tensor batch_statistics(const BatchNorm& bn, const Tensor* running_mean, const Tensor* running_var,
                        bool training) {
  const Tensor stats = empty({3, bn.params.columns}, DType::float64);
  const ColumnValues mean(running_mean), var(running_var);
  if (!training) {
    launch(Op::batch_norm_stats, bn.x.dtype, {&stats, mean.get(), var.get()}, bn.at(Step::given),
           bn.tiles());
    return stats;
  }
  const Tensor partials = bn.partials();
  launch(Op::batch_norm_stats, bn.x.dtype, {&partials, &bn.x}, bn.at(Step::partial), bn.units());
  launch(Op::batch_norm_stats, bn.x.dtype, {&stats, &partials, &bn.x, mean.get(), var.get()},
         bn.at(Step::merge), bn.tiles());
  put_back(mean, running_mean);
  put_back(var, running_var);
  return stats;
}

// (y, stats)
py::tuple batch_norm(const Tensor& input, const Tensor* running_mean, const Tensor* running_var,
                     const Tensor* weight, const Tensor* bias, bool training, double momentum,
                     double eps, bool relu) {
  const BatchNorm bn = checked_batch_norm(input, eps, momentum, relu, training);
  check_columns("running_mean", running_mean, bn);
  check_columns("running_var", running_var, bn);
  check_columns("weight", weight, bn);
  check_columns("bias", bias, bn);
  require(training || (running_mean && running_var),
          "batch_norm: running_mean, running_var: expected both outside training, got None");
  const ColumnValues w(weight), b(bias);
  const Tensor out = empty(bn.x.shape, bn.x.dtype);
  const Tensor stats = batch_statistics(bn, running_mean, running_var, training);
  launch(Op::batch_norm, bn.x.dtype, {&out, &bn.x, &stats, w.get(), b.get()}, bn.params,
         bn.units());
  return py::make_tuple(out, stats);
}

// (dx, dweight, dbias); what is not wanted is None.
py::tuple batch_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& stats,
                              const Tensor* weight, const Tensor* bias, bool training, bool relu,
                              bool wants_input, bool wants_columns) {
  const BatchNorm bn = checked_batch_norm(input, 0, 0, relu, training);
  require(grad.shape == input.shape && grad.dtype == input.dtype,
          "batch_norm_backward: grad: expected shape ", input.shape, " and dtype ",
          name_of(input.dtype), ", got ", grad.shape, " and ", name_of(grad.dtype));
  require(stats.shape == Dims{3, bn.params.columns} && stats.dtype == DType::float64 &&
              stats.is_contiguous(),
          "batch_norm_backward: stats: expected those of the forward pass");
  check_columns("weight", weight, bn);
  check_columns("bias", bias, bn);
  const ColumnValues w(weight), b(bias);
  const Tensor g = contiguous(grad);
  py::object dx = py::none(), dweight = py::none(), dbias = py::none();
  Tensor sums;
  if (wants_columns || (training && wants_input)) {
    const Tensor partials = bn.partials();
    sums = empty({2, bn.params.columns}, DType::float64);
    launch(Op::batch_norm_backward_sums, g.dtype, {&partials, &g, &bn.x, &stats, w.get(), b.get()},
           bn.at(Step::partial), bn.units());
    launch(Op::batch_norm_backward_sums, g.dtype, {&sums, &partials}, bn.at(Step::merge),
           bn.tiles());
  }
  if (wants_columns) {
    const Tensor both = cast(sums, g.dtype);
    const auto row = [&](int i) {
      Tensor out = empty({bn.params.columns}, g.dtype), view = out;
      view.buffer = both.buffer;
      view.offset = i * bn.params.columns;
      copy_into(out, view);
      return py::cast(std::move(out));
    };
    dbias = row(0);
    dweight = row(1);
  }
  if (wants_input) {
    Tensor out = empty(bn.x.shape, g.dtype);
    launch(Op::batch_norm_backward, g.dtype,
           {&out, &g, &bn.x, &stats, w.get(), b.get(), training ? &sums : nullptr}, bn.params,
           bn.units());
    dx = py::cast(std::move(out));
  }
  return py::make_tuple(dx, dweight, dbias);
}

} // namespace

void bind_batchnorm(py::module_& m) {
  m.def("batch_norm", &batch_norm, py::arg("input"), py::arg("running_mean").none(true),
        py::arg("running_var").none(true), py::arg("weight").none(true), py::arg("bias").none(true),
        py::arg("training"), py::arg("momentum"), py::arg("eps"), py::arg("relu"));
  m.def("batch_norm_backward", &batch_norm_backward, py::arg("grad"), py::arg("input"),
        py::arg("stats"), py::arg("weight").none(true), py::arg("bias").none(true),
        py::arg("training"), py::arg("relu"), py::arg("wants_input"), py::arg("wants_columns"));
}

} // namespace fastdl
