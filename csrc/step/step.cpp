#include "step/step.h"

#include <pybind11/stl.h>

#include <algorithm>

#include "core/check.h"
#include "core/structure.h"

namespace py = pybind11;

namespace fastdl {
namespace {

PyTensor* as_tensor_object(py::handle object) { return reinterpret_cast<PyTensor*>(object.ptr()); }

std::vector<PyTensor*> tensor_objects(const py::tuple& tuple) {
  std::vector<PyTensor*> tensors;
  tensors.reserve(tuple.size());
  for (py::handle item : tuple)
    tensors.push_back(as_tensor_object(item));
  return tensors;
}

std::vector<Overlap> overlaps_of(const std::vector<PyTensor*>& arguments) {
  std::vector<Overlap> overlaps;
  for (size_t i = 1; i < arguments.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const Tensor &a = arguments[i]->value, &b = arguments[j]->value;
      overlaps.push_back(arguments[i] == arguments[j] ? Overlap::same
                         : share_memory(a, b)         ? Overlap::memory
                                                      : Overlap::none);
    }
  return overlaps;
}

Tensor geometry(const Tensor& tensor) {
  Tensor out = tensor;
  out.buffer = {};
  return out;
}

struct Unrecorded {
  Recorder* hidden = nullptr;
};

int32_t index_of(const std::vector<PyTensor*>& tensors, py::handle object) {
  const auto found = std::find(tensors.begin(), tensors.end(), as_tensor_object(object));
  return found == tensors.end() ? -1 : static_cast<int32_t>(found - tensors.begin());
}

} // namespace

Step::View Step::view_of(Capture& capture, const Tensor& tensor) {
  return {capture.place_of(tensor), geometry(tensor)};
}

Step::Step(Capture& capture, const py::tuple& arguments, const py::tuple& outputs)
    : structure_(structure_version()) {
  const std::vector<PyTensor*> objects = tensor_objects(arguments);
  for (PyTensor* argument : objects)
    arguments_.push_back(geometry(argument->value));
  overlaps_ = overlaps_of(objects);

  for (py::handle item : outputs) {
    Output output{view_of(capture, as_tensor_object(item)->value), {}};
    if (capture.program.slots[output.view.place.slot].kind == Slot::outside)
      output.same = py::reinterpret_borrow<py::object>(item);
    outputs_.push_back(std::move(output));
  }
  std::vector<py::handle> kept;
  for (PyObject* leaf : capture.leaves) {
    if (Py_REFCNT(leaf) == 1)
      continue; // made in the step and gone
    kept.emplace_back(leaf);
    Gradient gradient{
        py::reinterpret_borrow<py::object>(leaf), index_of(objects, leaf), false, {}, py::none()};
    if (PyObject* grad = as_tensor_object(leaf)->grad; grad && grad != Py_None) {
      gradient.kept = py::reinterpret_borrow<py::object>(grad);
      gradient.view = view_of(capture, as_tensor_object(grad)->value);
      gradient.ours = capture.program.slots[gradient.view.place.slot].kind == Slot::inside;
    }
    gradients_.push_back(std::move(gradient));
  }
  for (const GradBefore& before : capture.grads_before)
    if (std::find(kept.begin(), kept.end(), py::handle(before.leaf)) != kept.end())
      before_.push_back({py::reinterpret_borrow<py::object>(before.leaf),
                         index_of(objects, before.leaf), before.buffer, before.offset});
  for (PyObject* tensor : capture.changed) {
    const int32_t argument = index_of(objects, tensor);
    if (argument >= 0)
      changed_arguments_.push_back(argument);
    else if (Py_REFCNT(tensor) > 1)
      changed_.push_back(py::reinterpret_borrow<py::object>(tensor));
  }
  std::vector<BufferRef> memory = capture.take_memory();
  program_ = std::move(capture.program);
  program_.hoist_checks();
  workspace_ = std::make_unique<Workspace>(program_, std::move(memory));
  for (size_t slot = 0; slot < objects.size(); ++slot) // arguments got the first slots
    input_slots_.push_back(static_cast<int32_t>(slot));
  const auto note_outliving = [&](const View& view) {
    if (program_.slots[view.place.slot].kind == Slot::inside &&
        std::find(outliving_.begin(), outliving_.end(), view.place.slot) == outliving_.end())
      outliving_.push_back(view.place.slot);
  };
  for (const Output& output : outputs_)
    note_outliving(output.view);
  for (const Gradient& gradient : gradients_)
    if (gradient.ours)
      note_outliving(gradient.view);
}

Tensor Step::tensor_at(const View& view, const std::vector<PyTensor*>& arguments) const {
  Tensor out = view.tensor;
  const auto size = item_size(out.dtype);
  if (program_.slots[view.place.slot].kind == Slot::input) {
    const Tensor& argument = arguments[view.place.slot]->value;
    out.buffer = argument.buffer;
    out.offset = argument.offset + view.place.bytes / size;
  } else {
    out.buffer = workspace_->buffer(view.place.slot);
    out.offset = view.place.bytes / size;
  }
  return out;
}

bool Step::fits(const std::vector<PyTensor*>& arguments) const {
  if (structure_ != structure_version() || arguments.size() != arguments_.size())
    return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Tensor &now = arguments[i]->value, &then = arguments_[i];
    if (now.dtype != then.dtype || !(now.shape == then.shape) || !(now.strides == then.strides))
      return false;
  }
  if (arguments.size() > 1 && overlaps_of(arguments) != overlaps_)
    return false;
  for (const Before& before : before_) {
    const PyTensor* leaf =
        before.argument >= 0 ? arguments[before.argument] : as_tensor_object(before.leaf);
    const bool none = !leaf->grad || leaf->grad == Py_None;
    if (none != !before.buffer.get())
      return false;
    if (!none) {
      const Tensor& grad = as_tensor_object(leaf->grad)->value;
      if (grad.buffer.get() != before.buffer.get() || grad.offset != before.offset ||
          !grad.is_contiguous())
        return false;
    }
  }
  return true;
}

// Results and gradients of earlier replays that somebody holds are not written over.
void Step::renew_what_is_held() {
  for (int32_t slot : outliving_) {
    int64_t expected = 1; // the workspace
    for (const Gradient& g : gradients_)
      if (g.ours && g.view.place.slot == slot) {
        const PyTensor* leaf = as_tensor_object(g.leaf);
        const bool only_there = leaf->grad == g.kept.ptr() && Py_REFCNT(g.kept.ptr()) == 2;
        expected += only_there || Py_REFCNT(g.kept.ptr()) == 1;
      }
    if (workspace_->buffer(slot)->references.load() > expected)
      workspace_->renew(slot);
  }
}

py::object Step::replay(const py::tuple& tuple, const std::vector<DrawBase>& bases) {
  std::unique_lock turn(turn_, std::try_to_lock);
  if (!turn.owns_lock()) {
    const py::gil_scoped_release release;
    turn.lock();
  }
  const std::vector<PyTensor*> arguments = tensor_objects(tuple);
  if (!fits(arguments))
    return py::none();
  for (size_t i = 0; i < arguments.size(); ++i)
    workspace_->set_input(input_slots_[i], static_cast<std::byte*>(arguments[i]->value.data()));
  renew_what_is_held();
  {
    const py::gil_scoped_release release;
    workspace_->replay(bases.data());
  }
  for (const py::object& tensor : changed_)
    ++version_of(as_tensor_object(tensor))->value;
  for (int32_t i : changed_arguments_)
    ++version_of(arguments[i])->value;
  for (Gradient& g : gradients_) {
    if (g.ours) {
      const Tensor& then = as_tensor_object(g.kept)->value;
      if (then.buffer.get() != workspace_->buffer(g.view.place.slot).get())
        g.kept = py::reinterpret_steal<py::object>(wrap(tensor_at(g.view, arguments)));
    }
    PyObject* leaf = g.argument >= 0 ? tuple[g.argument].ptr() : g.leaf.ptr();
    PyObject*& grad = as_tensor_object(leaf)->grad;
    PyObject* wanted = g.kept.is_none() ? nullptr : g.kept.ptr();
    if (grad != wanted) {
      Py_XINCREF(wanted);
      Py_XSETREF(grad, wanted);
    }
  }
  py::list results;
  for (const Output& output : outputs_)
    results.append(
        output.same ? output.same
                    : py::reinterpret_steal<py::object>(wrap(tensor_at(output.view, arguments))));
  return results;
}

void bind_step(py::module_& m) {
  py::class_<Capture>(m, "Capture", "Writes down the work of this thread until stop().")
      .def(py::init([](const py::tuple& arguments) {
             return std::make_unique<Capture>(tensor_objects(arguments));
           }),
           py::arg("arguments"))
      .def("note_draw", &Capture::note_draw, py::arg("seed"), py::arg("draw"), py::arg("generator"),
           py::arg("index"))
      .def("stop", &Capture::stop)
      .def(
          "held_elsewhere",
          [](const Capture& capture, const py::tuple& outputs) {
            std::unordered_map<Buffer*, int64_t> known;
            for (py::handle output : outputs)
              ++known[as_tensor_object(output)->value.buffer.get()];
            for (PyObject* leaf : capture.leaves)
              if (PyObject* grad = as_tensor_object(leaf)->grad; grad && grad != Py_None)
                ++known[as_tensor_object(grad)->value.buffer.get()];
            return capture.is_held_elsewhere(known);
          },
          py::arg("outputs"), "Whether memory of the step is held outside of these and of .grad.");
  py::class_<Step>(m, "Step", "A captured step.")
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
      .def_property_readonly("calls", [](const Step& step) {
        py::list names;
        for (const Record& record : step.program().records)
          names.append(info(record.op).name);
        return names;
      });
  py::class_<Unrecorded>(m, "Unrecorded", "Inside this block nothing is written down.")
      .def(py::init<>())
      .def("__enter__", [](Unrecorded& self) { self.hidden = std::exchange(recorder, nullptr); })
      .def("__exit__", [](Unrecorded& self, const py::args&) { recorder = self.hidden; });
  m.def("is_recording", [] { return recorder != nullptr; }, "Whether this thread captures a step.");
}

} // namespace fastdl
