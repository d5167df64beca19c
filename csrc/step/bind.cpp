// What Python sees of capture and replay: see python/fastdl/capture.py and compile.py.
#include <pybind11/stl.h>

#include "core/registry.h"
#include "step/rate.h"
#include "step/step.h"

namespace py = pybind11;

namespace fastdl {
namespace {

struct Unrecorded {
  Recorder* hidden = nullptr;
};

// Lets Python's garbage collector see what a step holds: a model may hold the step.
py::custom_type_setup collected() {
  return py::custom_type_setup([](PyHeapTypeObject* heap_type) {
    PyTypeObject* type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
      Py_VISIT(Py_TYPE(self));
      if (!py::detail::is_holder_constructed(self))
        return 0;
      return py::cast<Step&>(py::handle(self)).traverse(visit, arg);
    };
    type->tp_clear = [](PyObject* self) {
      if (py::detail::is_holder_constructed(self))
        py::cast<Step&>(py::handle(self)).clear();
      return 0;
    };
  });
}

} // namespace

void bind_step(py::module_& m) {
  py::class_<Capture>(m, "Capture", "Writes down what a call does.")
      .def(py::init<const py::tuple&>(), py::arg("arguments"))
      .def_property_readonly("arguments", &Capture::arguments)
      .def("run", &Capture::run, py::arg("function"), py::arg("args"), py::arg("kwargs"),
           py::arg("notes"))
      .def("note_draw", &Capture::note_draw, py::arg("seed"), py::arg("draw"), py::arg("generator"),
           py::arg("index"))
      .def("is_held_elsewhere", &Capture::is_held_elsewhere, py::arg("outputs"));
  py::class_<Epoch>(m, "Epoch", "The batches of an epoch.")
      .def(py::init<std::vector<std::optional<Tensor>>, std::optional<Tensor>, int64_t, int64_t>(),
           py::arg("sources"), py::arg("order"), py::arg("rows"), py::arg("batch"))
      .def_readonly("done", &Epoch::done, "So many steps.")
      .def(
          "advance", [](Epoch& epoch) { epoch.begun = ++epoch.done; }, "A step is done.")
      .def_readonly("begun", &Epoch::begun, "Steps done, and one that failed.")
      .def(
          "gather",
          [](const Epoch& epoch, const py::tuple& arguments) {
            const std::vector<PyTensor*> tensors = tensors_in(arguments).value();
            epoch.check_arguments(tensors, epoch.done);
            epoch.gather(tensors, epoch.done);
          },
          py::arg("arguments"), "Puts the rows of the next step into them.");
  py::class_<Step>(m, "Step", collected(), "A captured step.")
      .def(py::init<Capture&, const py::tuple&, const py::tuple&>(), py::arg("capture"),
           py::arg("arguments"), py::arg("outputs"))
      .def(
          "replay",
          [](Step& step, const py::tuple& arguments,
             const std::vector<std::pair<uint64_t, uint64_t>>& generators) {
            std::vector<DrawBase> bases;
            for (const auto& [seed, draw] : generators)
              bases.push_back({seed, draw});
            return step.replay(arguments, bases);
          },
          py::arg("arguments"), py::arg("generators"))
      .def(
          "run",
          [](Step& step, Epoch& epoch, int64_t count, const py::tuple& arguments,
             const std::vector<std::pair<py::object, uint64_t>>& generators,
             const std::vector<std::tuple<Tensor, Tensor, int64_t>>& scheduled,
             const std::vector<Tensor>& stacks, int64_t stacked_from) {
            std::vector<Scheduled> rates;
            for (const auto& [hyper, table, column] : scheduled)
              rates.push_back({hyper, table, column});
            step.run(epoch, count, arguments, generators, rates, stacks, stacked_from);
          },
          py::arg("epoch"), py::arg("count"), py::arg("arguments"), py::arg("generators"),
          py::arg("scheduled"), py::arg("stacks"), py::arg("stacked_from"))
      .def("outputs",
           [](const Step& step) {
             py::list found;
             for (const Tensor& x : step.outputs())
               found.append(py::make_tuple(x.shape, x.dtype));
             return found;
           })
      .def("is_current", &Step::is_current)
      .def_property_readonly("calls",
                             [](const Step& step) {
                               py::list names;
                               for (const Record& record : step.program().records)
                                 names.append(step.program().lines[record.line].name);
                               return names;
                             })
      .def_property_readonly(
          "lines",
          [](const Step& step) {
            py::list lines;
            for (const Record& record : step.program().records) {
              const Line& line = step.program().lines[record.line];
              lines.append(py::make_tuple(line.name, line.operands, line.bytes, line.operations,
                                          record.units));
            }
            return lines;
          },
          "(name, operands, bytes, operations, units) of each call.")
      .def(
          "measure",
          [](Step& step, const py::tuple& arguments,
             const std::vector<std::pair<uint64_t, uint64_t>>& generators, int64_t runs) {
            std::vector<DrawBase> bases;
            for (const auto& [seed, draw] : generators)
              bases.push_back({seed, draw});
            return step.measure(arguments, bases, runs);
          },
          py::arg("arguments"), py::arg("generators"), py::arg("runs"),
          "The seconds of each call in each of so many runs; leaves everything as it was.")
      .def_property_readonly(
          "slots",
          [](const Step& step) {
            py::list calls;
            for (const Record& record : step.program().records) {
              py::list slots;
              for (int k = 0; k < record.n_operands; ++k) {
                const int32_t slot = step.program().operands[record.first_operand + k].slot;
                if (slot >= 0)
                  slots.append(py::make_tuple(slot, int{step.program().slots[slot].kind}));
              }
              calls.append(slots);
            }
            return calls;
          },
          "Of each call the memory it goes to: (which, 0 from outside, 1 an argument, 2 its own).");
  m.def("copy_rate", &copy_rate, py::arg("bytes"), py::call_guard<py::gil_scoped_release>(),
        "Bytes read and written in a second by a copy that reads and writes so many.");
  py::class_<Unrecorded>(m, "Unrecorded", "Inside this block nothing is written down.")
      .def(py::init<>())
      .def("__enter__", [](Unrecorded& self) { self.hidden = std::exchange(recorder, nullptr); })
      .def("__exit__", [](Unrecorded& self, const py::args&) { recorder = self.hidden; });
  m.def(
      "notes",
      [] {
        const auto* capture = static_cast<Capture*>(recorder);
        return py::reinterpret_borrow<py::object>(capture ? capture->notes : py::none());
      },
      "The notes of the capture that this thread is in, or None.");
}

} // namespace fastdl
