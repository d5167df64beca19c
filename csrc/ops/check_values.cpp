#include "ops/check_values.h"

#include <set>
#include <string>

#include "core/check.h"
#include "core/elementwise.h"
#include "core/py_tensor.h"
#include "ops/index.h"

namespace py = pybind11;

namespace fastdl {

void raise_bad_value(const CheckValuesParams& p, int64_t at, double value) {
  if (p.given)
    raise<ValueError>(p.what, ", got ", value, " (element ", at, ")");
  if (p.ends)
    raise<ValueError>(p.what, ": expected ", p.low, " or ", p.high, ", got ", value, " (element ",
                      at, ")");
  raise<ValueError>(p.what, ": expected numbers in [", p.low, ", ", p.high, "], got ", value,
                    " (element ", at, ")");
}

namespace {

// A name that stays: a recorded call may need it at any time.
const char* kept_name(const std::string& name) {
  static std::set<std::string> names; // under the GIL
  return names.insert(name).first->c_str();
}

void check_values(const std::string& what, const Tensor& x, double low, double high, bool ends) {
  const Tensor whole = contiguous(x);
  const CheckValuesParams p{kept_name(what), low, high, whole.numel(), ends, false};
  launch(Op::check_values, whole.dtype, {&whole, nullptr}, p, blocks(p.numel));
}

void check_holds(const std::string& what, const Tensor& x, const Tensor& holds) {
  require<TypeError>(holds.dtype == DType::boolean, "check_holds: holds: expected dtype bool, got ",
                     name_of(holds.dtype));
  require(holds.shape == x.shape, "check_holds: holds: expected shape ", x.shape, ", got ",
          holds.shape);
  const Tensor whole = contiguous(x), held = contiguous(holds);
  const CheckValuesParams p{kept_name(what), 0, 0, whole.numel(), false, true};
  launch(Op::check_values, whole.dtype, {&whole, &held}, p, blocks(p.numel));
}

// The target of a loss as row-major int64, each a class or `ignored`.
Tensor class_targets(const std::string& op, const Tensor& target, int64_t classes,
                     int64_t ignored) {
  require<TypeError>(target.dtype == DType::int64 || target.dtype == DType::int32, op,
                     ": target: expected dtype int64 or int32, got ", name_of(target.dtype));
  const Tensor t = contiguous(cast(target, DType::int64));
  check_classes(kept_name(op), t, classes, ignored);
  return t;
}

} // namespace

void bind_check_values(py::module_& m) {
  m.def("check_values", &check_values, py::arg("what"), py::arg("x"), py::arg("low"),
        py::arg("high"), py::arg("ends"));
  m.def("check_holds", &check_holds, py::arg("what"), py::arg("x"), py::arg("holds"));
  m.def("class_targets", &class_targets, py::arg("op"), py::arg("target"), py::arg("classes"),
        py::arg("ignored"));
}

} // namespace fastdl
