// The services of core that Python sees: element types, the tensor type, the pool, the registry.
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>

#include "core/arena.h"
#include "core/blas.h"
#include "core/cache.h"
#include "core/check.h"
#include "core/parallel.h"
#include "core/permutation.h"
#include "core/processors.h"
#include "core/py_tensor.h"
#include "core/registry.h"
#include "core/structure.h"

namespace py = pybind11;

namespace fastdl {
namespace {

// name -> {stem, kind, dtypes with a kernel}
py::dict op_table() {
  py::dict table;
  for (int op = 0; op < static_cast<int>(Op::count); ++op) {
    const OpInfo& i = info(static_cast<Op>(op));
    py::list dtypes;
    for (int d = 0; d < kDTypes; ++d)
      if (find_kernel(static_cast<Op>(op), static_cast<DType>(d)))
        dtypes.append(name_of(static_cast<DType>(d)));
    using namespace py::literals;
    table[i.name] = py::dict("stem"_a = i.stem, "kind"_a = i.kind, "dtypes"_a = dtypes);
  }
  return table;
}

} // namespace

void bind_core(py::module_& m) {
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer)
        std::rethrow_exception(pointer);
    } catch (const TypeError& error) {
      py::set_error(PyExc_TypeError, error.what());
    }
  });
  py::native_enum<DType> dtypes(m, "DType", "enum.Enum", "An element type.");
#define X(name, type) dtypes.value(name_of(DType::name), DType::name);
  FASTDL_DTYPES(X)
#undef X
  dtypes.finalize();
  m.def("item_size", &item_size, py::arg("dtype"));
  m.def("is_float", &is_float, py::arg("dtype"));

  bind_tensor_type(m);
  bind_arena(m);

  m.def("op_table", &op_table, "Every op: its stem, kind, and the dtypes that have a kernel.");
  m.def(
      "random_permutation",
      [](uint64_t seed_low, uint64_t seed_high, uint64_t draw, int64_t n) {
        const Tensor order = empty({n}, DType::int64);
        const py::gil_scoped_release release;
        random_permutation(seed_low, seed_high, draw, n, order.as<int64_t>());
        return order;
      },
      py::arg("seed_low"), py::arg("seed_high"), py::arg("draw"), py::arg("n"),
      "The numbers 0 ... n - 1 in random order.");
  m.def("isa", &isa, "The instruction set whose kernels run.");
  m.def("isas", &isas, "The instruction sets built in that this machine can run.");
  m.def("blas_core", [] { return blas().core; }, "The kernels that OpenBLAS chose.");
  m.def("get_num_threads", &num_threads, "How many threads share large work.");
  m.def(
      "set_num_threads",
      [](int threads) {
        require(1 <= threads && threads <= kMostThreads,
                "set_num_threads: num_threads: expected a number from 1 to ", kMostThreads,
                ", got ", threads);
        set_num_threads(threads);
      },
      py::arg("threads"), "Lets so many threads share large work; results do not change.");
  m.def("structure_version", &structure_version, "How often models changed their structure.");
  m.def("structure_modes", &structure_modes, "Stands for the modes that modules are in.");
  m.def("mode_changed", &mode_changed, py::arg("module"),
        "A module goes over between training and evaluation.");
  m.def("structure_changed", &structure_changed, "Counts one change of structure.");
  m.def("pool_stats", [] {
    const PoolStats s = pool_stats();
    using namespace py::literals;
    return py::dict("live_bytes"_a = s.live_bytes, "cached_bytes"_a = s.cached_bytes,
                    "live_buffers"_a = s.live_buffers, "fresh_allocations"_a = s.fresh_allocations);
  });
  m.def("empty_cache", &empty_cache, "Gives cached memory back to the system.");
  m.def("set_cache_limit", &set_cache_limit, py::arg("bytes"),
        "Writes results of more bytes past the caches; -1: as at the start.");
  m.def("set_guards", &set_guards, py::arg("on"), "Frames new buffers with guard bands.");
  m.def("check_guards", &check_guards, "Raises if a guard band was written over.");
}

} // namespace fastdl
