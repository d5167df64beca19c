#include "ops/layernorm.h"

#include <algorithm>

#include "core/cache.h"
#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// The rows of x over its last dimensions, those of `shape`; weight and bias may be missing.
struct LayerNorm {
  Tensor x, weight, bias; // row-major
  const Tensor *w = nullptr, *b = nullptr;
  LayerNormParams params;

  LayerNorm(const Tensor& input, const Dims& shape, const Tensor* w_given, const Tensor* b_given,
            double eps) {
    require_float("layer_norm", "input", input);
    const int first = input.ndim() - shape.n;
    require(shape.n > 0 && first >= 0 &&
                std::equal(shape.begin(), shape.end(), input.shape.begin() + first),
            "layer_norm: input: expected a shape that ends with normalized_shape ", shape, ", got ",
            input.shape);
    require(eps >= 0, "layer_norm: eps: expected a number of at least 0, got ", eps);
    w = checked("weight", w_given, shape, input.dtype, weight);
    b = checked("bias", b_given, shape, input.dtype, bias);
    x = contiguous(input);
    constexpr int64_t kBlocks = 64, kLeast = 4, kMost = 128;
    params = {1, shape.product(), 0, eps, beyond_cache(input)};
    for (int d = 0; d < first; ++d)
      params.rows *= input.shape[d];
    params.height = std::clamp((params.rows + kBlocks - 1) / kBlocks, kLeast, kMost);
  }
  int64_t rows() const { return params.n ? params.rows : 0; }
  int64_t blocks() const { return (rows() + params.height - 1) / params.height; }

private:
  static const Tensor* checked(const char* name, const Tensor* given, const Dims& shape,
                               DType dtype, Tensor& kept) {
    if (!given)
      return nullptr;
    require_same_dtype("layer_norm", name, *given, dtype);
    require(given->shape == shape, "layer_norm: ", name, ": expected shape ", shape, ", got ",
            given->shape);
    kept = contiguous(*given);
    return &kept;
  }
};

// (y, stats)
py::tuple layer_norm(const Tensor& input, const Dims& shape, const Tensor* weight,
                     const Tensor* bias, double eps) {
  const LayerNorm ln(input, shape, weight, bias, eps);
  const Tensor out = empty(input.shape, input.dtype),
               stats = empty({3, ln.params.rows}, DType::float64);
  launch(Op::layer_norm, input.dtype, {&out, &stats, &ln.x, ln.w, ln.b}, ln.params, ln.rows());
  return py::make_tuple(out, stats);
}

// (dx, dweight, dbias); what is not wanted is None.
py::tuple layer_norm_backward(const Tensor& grad, const Tensor& input, const Tensor& stats,
                              const Dims& shape, const Tensor* weight, bool wants_input,
                              bool wants_columns) {
  const LayerNorm ln(input, shape, weight, nullptr, 0);
  require(grad.shape == input.shape && grad.dtype == input.dtype,
          "layer_norm_backward: grad: expected shape ", input.shape, " and dtype ",
          name_of(input.dtype), ", got ", grad.shape, " and ", name_of(grad.dtype));
  require(stats.shape == Dims{3, ln.params.rows} && stats.dtype == DType::float64 &&
              stats.is_contiguous(),
          "layer_norm_backward: stats: expected those of the forward pass");
  const DType dtype = input.dtype;
  const Tensor g = contiguous(grad);
  Tensor dx, partials, dweight, dbias;
  if (wants_input)
    dx = empty(input.shape, dtype);
  if (wants_columns) {
    partials = empty({ln.blocks(), 2, ln.params.n}, DType::float64);
    dweight = empty(shape, dtype);
    dbias = empty(shape, dtype);
  }
  launch(
      Op::layer_norm_backward, dtype,
      {wants_input ? &dx : nullptr, wants_columns ? &partials : nullptr, &g, &ln.x, &stats, ln.w},
      ln.params, ln.blocks());
  if (wants_columns)
    launch(Op::layer_norm_sums, dtype, {&dweight, &dbias, &partials}, ln.params,
           (ln.params.n + kSumColumns - 1) / kSumColumns);
  const auto given = [](bool wanted, Tensor& x) -> py::object {
    return wanted ? py::cast(std::move(x)) : py::none();
  };
  return py::make_tuple(given(wants_input, dx), given(wants_columns, dweight),
                        given(wants_columns, dbias));
}

} // namespace

void bind_layernorm(py::module_& m) {
  m.def("layer_norm", &layer_norm, py::arg("input"), py::arg("normalized_shape"),
        py::arg("weight").none(true), py::arg("bias").none(true), py::arg("eps"));
  m.def("layer_norm_backward", &layer_norm_backward, py::arg("grad"), py::arg("input"),
        py::arg("stats"), py::arg("normalized_shape"), py::arg("weight").none(true),
        py::arg("wants_input"), py::arg("wants_columns"));
}

} // namespace fastdl
