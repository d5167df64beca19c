#include "ops/random.h"

#include <cmath>

#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {

void raise_bad_probability(const BernoulliParams& params, int64_t at, double value) {
  raise<ValueError>(params.op, ": p: expected probabilities in [0, 1], got ", value, " at element ",
                    at);
}

namespace {

// The draw in logical order; a target with other strides receives a copy of it.
void fill_with_draw(Op op, const Tensor& target, const RandomParams& params) {
  const Tensor out = target.is_contiguous() ? target : empty(target.shape, target.dtype);
  launch(op, target.dtype, {&out}, params, blocks(params.numel), offsetof(RandomParams, draw));
  if (!target.is_contiguous())
    copy_into(target, out);
}

void uniform_(const Tensor& target, double low, double high, uint64_t seed, uint64_t draw) {
  require_float("uniform_", "input", target);
  require_writable("uniform_", target);
  const double span = target.dtype == DType::float32
                          ? static_cast<float>(high) - static_cast<float>(low)
                          : high - low;
  require(low <= high && std::isfinite(span),
          "uniform_: a, b: expected numbers a <= b whose difference is finite in ",
          name_of(target.dtype), ", got ", low, " and ", high);
  fill_with_draw(Op::uniform, target, {target.numel(), seed, draw, low, high});
}

void normal_(const Tensor& target, double mean, double std, uint64_t seed, uint64_t draw) {
  require_float("normal_", "input", target);
  require_writable("normal_", target);
  require(std >= 0, "normal_: std: expected a number of at least 0, got ", std);
  fill_with_draw(Op::normal, target, {target.numel(), seed, draw, mean, std});
}

void exponential_(const Tensor& target, double rate, uint64_t seed, uint64_t draw) {
  require_float("exponential_", "input", target);
  require_writable("exponential_", target);
  require(rate > 0, "exponential_: lambd: expected a number above 0, got ", rate);
  fill_with_draw(Op::exponential, target, {target.numel(), seed, draw, rate, 0});
}

Tensor random_integers(const Dims& shape, int64_t low, uint64_t span, uint64_t seed,
                       uint64_t draw) {
  const Tensor out = empty(shape, DType::int64);
  const IntegersParams p{out.numel(), seed, draw, low, span};
  launch(Op::integers, out.dtype, {&out}, p, blocks(p.numel), offsetof(IntegersParams, draw));
  return out;
}

// 1 with the probability that each element of p says, or the one of a 0-d p.
Tensor bernoulli_draw(const char* op, const Tensor& p, const Dims& shape, uint64_t seed,
                      uint64_t draw) {
  const Tensor chances = contiguous(p), out = empty(shape, p.dtype);
  const BernoulliParams params{out.numel(), seed, draw, p.ndim() ? 1 : 0, op};
  launch(Op::bernoulli, p.dtype, {&out, &chances}, params, blocks(params.numel),
         offsetof(BernoulliParams, draw));
  return out;
}

// As probabilities say.
Tensor bernoulli(const Tensor& input, uint64_t seed, uint64_t draw) {
  require_float("bernoulli", "input", input);
  return bernoulli_draw("bernoulli", input, input.shape, seed, draw);
}

void bernoulli_(const Tensor& target, const Tensor& p, uint64_t seed, uint64_t draw) {
  require_float("bernoulli_", "p", p);
  require_writable("bernoulli_", target);
  const Tensor chances = p.ndim() ? expand("bernoulli_", p, target.shape) : p;
  copy_into(target, bernoulli_draw("bernoulli_", chances, target.shape, seed, draw));
}

} // namespace

void bind_random(py::module_& m) {
  m.def("uniform_", &uniform_, py::arg("input"), py::arg("low"), py::arg("high"), py::arg("seed"),
        py::arg("draw"));
  m.def("normal_", &normal_, py::arg("input"), py::arg("mean"), py::arg("std"), py::arg("seed"),
        py::arg("draw"));
  m.def("exponential_", &exponential_, py::arg("input"), py::arg("lambd"), py::arg("seed"),
        py::arg("draw"));
  m.def("random_integers", &random_integers, py::arg("shape"), py::arg("low"), py::arg("span"),
        py::arg("seed"), py::arg("draw"));
  m.def("bernoulli", &bernoulli, py::arg("input"), py::arg("seed"), py::arg("draw"));
  m.def("bernoulli_", &bernoulli_, py::arg("input"), py::arg("p"), py::arg("seed"),
        py::arg("draw"));
}

} // namespace fastdl
