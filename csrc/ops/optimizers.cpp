#include "ops/optimizers.h"

#include "core/arena.h"
#include "core/check.h"
#include "core/elementwise.h"

namespace py = pybind11;

namespace fastdl {
namespace {

struct Rule {
  const char* name;
  Op op, count;
};

void rule_step(const Rule& rule, const py::list& params, const Gradients& gradients,
               const Tensor& flat, const Tensor& segments, const Tensor& hyper,
               const Tensor& counts, const Tensor* a, const Tensor* b, const Tensor* c) {
  if (!gradients.any)
    return;
  const ArenaParams arena{flat.numel(), static_cast<int64_t>(params.size())};
  check_state(rule.name, hyper, sizeof(RuleHyper) / sizeof(double), counts,
              arena.segments * static_cast<int64_t>(sizeof(RuleCount) / sizeof(double)), flat,
              {a, b, c});
  launch_step(rule.count, DType::float64, {&hyper, &counts}, gradients, arena, 1);
  launch_step(rule.op, flat.dtype, {&hyper, &counts, &segments, &flat, a, b, c}, gradients, arena,
              blocks(arena.numel));
  count_changes(params, gradients);
}

// What is averaged stands where the gradients do.
Gradients sources_of(const py::list& params, const py::list& sources, const Tensor& flat,
                     const Tensor& segments) {
  require<std::runtime_error>(in_arena(params, flat, segments),
                              "average: expected every average to lie in its segment");
  require(params.size() == sources.size(), "average: sources: expected ", params.size(), ", got ",
          sources.size());
  Gradients found;
  found.copies.reserve(sources.size()); // operands point into it
  for (size_t i = 0; i < sources.size(); ++i) {
    const py::handle source = sources[i], param = params[i]; // in_arena knows params for Tensors
    require<TypeError>(is_tensor(source.ptr()), "average: parameter ", i,
                       ": expected a Tensor, got ", Py_TYPE(source.ptr())->tp_name);
    const Tensor& x = reinterpret_cast<PyTensor*>(source.ptr())->value;
    const Tensor& average = reinterpret_cast<PyTensor*>(param.ptr())->value;
    require(x.shape == average.shape && x.dtype == average.dtype, "average: parameter ", i,
            ": expected shape ", average.shape, " and dtype ", name_of(average.dtype), ", got ",
            x.shape, " and ", name_of(x.dtype));
    const bool plain = x.is_contiguous() && x.buffer.get() != flat.buffer.get();
    if (!plain)
      found.copies.push_back(clone(x));
    found.operands.push_back(plain ? &x : &found.copies.back());
    found.any = true;
  }
  return found;
}

} // namespace

void bind_optimizers(py::module_& m) {
  const auto bind = [&](const Rule& rule) {
    m.def(
        rule.name,
        [rule](const py::list& params, const Tensor& flat, const Tensor& segments,
               const Tensor& hyper, const Tensor& counts, const Tensor* a, const Tensor* b,
               const Tensor* c) {
          const Gradients gradients = gather_gradients(rule.name, params, flat, segments);
          rule_step(rule, params, gradients, flat, segments, hyper, counts, a, b, c);
        },
        py::arg("params"), py::arg("flat"), py::arg("segments"), py::arg("hyper"),
        py::arg("counts"), py::arg("a").none(true) = py::none(),
        py::arg("b").none(true) = py::none(), py::arg("c").none(true) = py::none());
  };
#define X(name, Formula, count)                                                                    \
  if (Op::name != Op::average)                                                                     \
    bind({#name, Op::name, Op::count});
  FASTDL_RULES(X)
#undef X
  m.def(
      "average",
      [](const py::list& params, const py::list& sources, const Tensor& flat,
         const Tensor& segments, const Tensor& hyper, const Tensor& counts) {
        rule_step({"average", Op::average, Op::count_step}, params,
                  sources_of(params, sources, flat, segments), flat, segments, hyper, counts,
                  nullptr, nullptr, nullptr);
      },
      py::arg("params"), py::arg("sources"), py::arg("flat"), py::arg("segments"), py::arg("hyper"),
      py::arg("counts"));
}

} // namespace fastdl
