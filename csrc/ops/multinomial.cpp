#include "ops/multinomial.h"

#include "core/check.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {

void raise_bad_weight(const MultinomialParams& p, int64_t row, int64_t at, double value) {
  const Dims place = p.is_vector ? Dims{at} : Dims{row, at};
  raise<ValueError>("multinomial: input: expected finite weights of at least 0, got ", value,
                    " at position ", place);
}

void raise_few_weights(const MultinomialParams& p, int64_t row, int64_t positive) {
  raise<ValueError>("multinomial: input: expected at least ", p.replacement ? 1 : p.samples,
                    " weights above 0 in row ", row, ", got ", positive);
}

namespace {

Tensor multinomial(const Tensor& input, int64_t samples, bool replacement, uint64_t seed,
                   uint64_t draw) {
  require_float("multinomial", "input", input);
  require(input.ndim() == 1 || input.ndim() == 2,
          "multinomial: input: expected 1 or 2 dimensions, got shape ", input.shape);
  const int64_t categories = input.shape[input.ndim() - 1];
  require(samples >= 0, "multinomial: num_samples: expected at least 0, got ", samples);
  require(replacement || samples <= categories, "multinomial: num_samples: expected at most the ",
          categories, " categories without replacement, got ", samples);
  const Tensor weights = contiguous(input);
  Dims shape = input.shape;
  shape[shape.n - 1] = samples;
  const int64_t rows = input.ndim() == 2 ? input.shape[0] : 1;
  const Tensor out = empty(shape, DType::int64),
               scratch = empty({rows, replacement ? categories : samples}, DType::float64);
  const MultinomialParams p{categories, samples, seed, draw, replacement, input.ndim() == 1};
  launch(Op::multinomial, input.dtype, {&out, &weights, &scratch}, p, rows,
         offsetof(MultinomialParams, draw));
  return out;
}

} // namespace

void bind_multinomial(py::module_& m) {
  m.def("multinomial", &multinomial, py::arg("input"), py::arg("num_samples"),
        py::arg("replacement"), py::arg("seed"), py::arg("draw"));
}

} // namespace fastdl
