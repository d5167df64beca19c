#include "ops/cross_entropy.h"

#include <pybind11/stl.h>

#include "core/cache.h"
#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"
#include "ops/index.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// Row-major int64 targets; with `check`, every one a class or ignore_index.
Tensor class_indices(const Tensor& target, int64_t classes, int64_t ignore_index, bool check) {
  require<TypeError>(target.dtype == DType::int64 || target.dtype == DType::int32,
                     "cross_entropy: target: expected dtype int64 or int32 (class indices) or the "
                     "dtype of input (class probabilities), got ",
                     name_of(target.dtype));
  const Tensor t = cast(contiguous(target), DType::int64);
  if (check)
    check_classes("cross_entropy", t, classes, ignore_index);
  return t;
}

// What the kernels share, checked: logits with the classes last, and targets of
// the other dimensions.
struct CrossEntropyRows {
  Tensor input, target, weights;
  const Tensor* weight = nullptr;
  CrossEntropyParams params;

  CrossEntropyRows(const Tensor& logits, const Tensor& classes, const Tensor* w,
                   int64_t ignore_index, double smoothing, bool check) {
    require_float("cross_entropy", "input", logits);
    Dims rows = logits.shape;
    require(rows.n > 0, "cross_entropy: input: expected at least 1 dimension, got shape ", rows);
    const int64_t n = rows[rows.n - 1];
    rows.erase(rows.n - 1);
    require(classes.shape == rows, "cross_entropy: target: expected shape ", rows, ", got ",
            classes.shape);
    if (w) {
      require_same_dtype("cross_entropy", "weight", *w, logits.dtype);
      require(w->shape == Dims{n}, "cross_entropy: weight: expected shape ", Dims{n}, ", got ",
              w->shape);
      weights = contiguous(*w);
      weight = &weights;
    }
    target = class_indices(classes, n, ignore_index, check);
    input = contiguous(logits);
    params = {target.numel(), n, ignore_index, smoothing, 0, beyond_cache(input)};
  }
};

// The loss, what its gradient needs of every row, and (of a mean) the factor of
// its gradient.
py::tuple cross_entropy(const Tensor& input, const Tensor& target, const Tensor* weight,
                        int64_t ignore_index, const std::string& reduction, double smoothing) {
  const CrossEntropyRows rows(input, target, weight, ignore_index, smoothing, true);
  const DType dtype = input.dtype;
  const Tensor losses = empty(target.shape, dtype), stats = empty({3, rows.params.rows}, dtype);
  launch(Op::cross_entropy, dtype, {&losses, &stats, &rows.input, &rows.target, rows.weight},
         rows.params, rows.params.rows);
  if (reduction == "none")
    return py::make_tuple(losses, stats, py::none());
  const bool mean = reduction == "mean";
  const Tensor out = empty({}, dtype), scale = mean ? empty({}, dtype) : Tensor();
  launch(Op::cross_entropy_sum, dtype,
         {&out, mean ? &scale : nullptr, &losses, &rows.target, rows.weight}, rows.params, 1);
  return py::make_tuple(out, stats, mean ? py::cast(scale) : py::none());
}

Tensor cross_entropy_backward(const Tensor& g, const Tensor& input, const Tensor& target,
                              const Tensor* weight, const Tensor& stats, int64_t ignore_index,
                              double smoothing) {
  // The targets passed the check of the loss; a kernel meets others safely (see the header).
  CrossEntropyRows rows(input, target, weight, ignore_index, smoothing, false);
  require_same_dtype("cross_entropy_backward", "g", g, input.dtype);
  require(g.ndim() == 0 || g.shape == target.shape,
          "cross_entropy_backward: g: expected shape () or ", target.shape, ", got ", g.shape);
  require_same_dtype("cross_entropy_backward", "stats", stats, input.dtype);
  require(stats.shape == Dims{3, rows.params.rows} && stats.is_contiguous(),
          "cross_entropy_backward: stats: expected row-major shape ", Dims{3, rows.params.rows},
          ", got ", stats.shape);
  rows.params.g_step = g.ndim() != 0;
  const Tensor dense_g = contiguous(g), out = empty(input.shape, input.dtype);
  launch(Op::cross_entropy_backward, input.dtype,
         {&out, &dense_g, &stats, &rows.input, &rows.target, rows.weight}, rows.params,
         rows.params.rows);
  return out;
}

} // namespace

void bind_cross_entropy(py::module_& m) {
  m.def("cross_entropy", &cross_entropy, py::arg("input"), py::arg("target"), py::arg("weight"),
        py::arg("ignore_index"), py::arg("reduction"), py::arg("label_smoothing"));
  m.def("cross_entropy_backward", &cross_entropy_backward, py::arg("g"), py::arg("input"),
        py::arg("target"), py::arg("weight"), py::arg("stats"), py::arg("ignore_index"),
        py::arg("label_smoothing"));
}

} // namespace fastdl
