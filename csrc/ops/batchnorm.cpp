#include "ops/batchnorm.h"

#include <algorithm>
#include <numeric>

#include "core/cache.h"
#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

using Step = BatchNormParams::Step;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

constexpr int64_t kRows = 128, kVector = 16;

// Columns in a tile of a matrix whose rows are not joined, at most `most`: fewer where there would
// be few work units.
int64_t tile_of(int64_t rows, int64_t columns, int64_t most) {
  constexpr int64_t kUnits = 8;
  int64_t tiles = std::max<int64_t>(1, ceil_div(columns, most));
  while (ceil_div(rows, kRows) * tiles < kUnits && columns / (2 * tiles) >= kRows)
    tiles *= 2;
  return std::max(kVector, ceil_div(ceil_div(columns, tiles), kVector) * kVector);
}

// How the matrix is cut.
BatchNormParams cut(int64_t rows, int64_t columns) {
  constexpr int64_t kLine = 256, kElements = 16384;
  BatchNormParams p{};
  p.rows = rows, p.columns = columns, p.joined = 1, p.height = kRows;
  const int64_t whole = kVector / std::gcd(kVector, columns); // rows that end with a vector
  if (columns > 0 && columns < kLine && whole * columns <= kMaxTile) {
    p.joined = std::clamp<int64_t>(whole * std::max<int64_t>(1, kLine / (whole * columns)), 1,
                                   std::max<int64_t>(1, rows));
    p.height = std::max<int64_t>(8, kElements / (p.joined * columns));
    p.tile = p.joined * columns;
    return p;
  }
  p.tile = tile_of(rows, columns, kMaxTile);
  return p;
}

// Weight and bias may be missing; running statistics are null where training has none.
struct BatchNorm {
  Tensor x; // row-major
  BatchNormParams params;

  int64_t blocks() const { return ceil_div(params.rows, params.joined * params.height); }
  int64_t units(const BatchNormParams& p) const {
    return p.joined > 1 ? blocks() : blocks() * ceil_div(p.columns, p.tile);
  }
  int64_t merge_units() const { return ceil_div(params.columns, kMergeColumns); }
  Tensor partials() const { return empty({blocks(), 2, params.columns}, DType::float64); }
  BatchNormParams at(Step step) const {
    BatchNormParams p = params;
    p.step = step;
    return p;
  }
  // Of the steps that sum the elements and write none.
  BatchNormParams summing() const {
    BatchNormParams p = at(Step::partial);
    if (p.joined == 1)
      p.tile = tile_of(p.rows, p.columns, kMaxSumTile);
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
  BatchNormParams p = cut(input.shape[0], input.shape[1]);
  p.eps = eps, p.momentum = momentum, p.step = Step::partial, p.relu = relu;
  p.past_cache = beyond_cache(input);
  return {contiguous(input), p};
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
           bn.merge_units());
    return stats;
  }
  const Tensor partials = bn.partials();
  const BatchNormParams summing = bn.summing();
  launch(Op::batch_norm_stats, bn.x.dtype, {&partials, &bn.x}, summing, bn.units(summing));
  launch(Op::batch_norm_stats, bn.x.dtype, {&stats, &partials, &bn.x, mean.get(), var.get()},
         bn.at(Step::merge), bn.merge_units());
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
         bn.units(bn.params));
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
  Tensor sums, dx, dweight, dbias;
  if (wants_columns) {
    dweight = empty({bn.params.columns}, g.dtype);
    dbias = empty({bn.params.columns}, g.dtype);
  }
  if (wants_columns || (training && wants_input)) {
    const Tensor partials = bn.partials();
    const BatchNormParams summing = bn.summing();
    sums = empty({2, bn.params.columns}, DType::float64);
    launch(Op::batch_norm_backward_sums, g.dtype, {&partials, &g, &bn.x, &stats, w.get(), b.get()},
           summing, bn.units(summing));
    launch(Op::batch_norm_backward_sums, g.dtype,
           {&sums, &partials, &stats, wants_columns ? &dweight : nullptr,
            wants_columns ? &dbias : nullptr},
           bn.at(Step::merge), bn.merge_units());
  }
  if (wants_input) {
    dx = empty(bn.x.shape, g.dtype);
    launch(Op::batch_norm_backward, g.dtype,
           {&dx, &g, &bn.x, &stats, w.get(), b.get(), training ? &sums : nullptr}, bn.params,
           bn.units(bn.params));
  }
  const auto given = [](Tensor& x) -> py::object {
    return x.buffer.get() ? py::cast(std::move(x)) : py::none();
  };
  return py::make_tuple(given(dx), given(dweight), given(dbias));
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
