#include "step/step.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <optional>

#include "core/check.h"
#include "core/parallel.h"
#include "core/structure.h"
#include "step/passes.h"

namespace py = pybind11;

namespace fastdl {
namespace {

PyTensor* tensor_in(py::handle object) { return reinterpret_cast<PyTensor*>(object.ptr()); }

// Whether the elements of a lie in memory of the other: of argument and argument, of argument and
// buffer, as they do for a step that sees of each argument's memory its elements alone.
bool overlap(const Tensor& a, const std::byte* begin, const std::byte* end) {
  const auto* data = static_cast<const std::byte*>(a.data());
  return data < end && begin < data + extent_of(a);
}
bool overlap(const Tensor& a, const Tensor& b) {
  const auto* data = static_cast<const std::byte*>(b.data());
  return share_memory(a, b) && overlap(a, data, data + extent_of(b));
}
bool overlap(const Tensor& a, const Buffer& b) {
  return share_memory(*a.buffer.get(), b) && overlap(a, b.data, b.data + b.bytes);
}

std::vector<Overlap> overlaps_of(const std::vector<PyTensor*>& arguments) {
  std::vector<Overlap> overlaps;
  for (size_t i = 1; i < arguments.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const Tensor &a = arguments[i]->value, &b = arguments[j]->value;
      overlaps.push_back(arguments[i] == arguments[j] ? Overlap::same
                         : overlap(a, b)              ? Overlap::memory
                                                      : Overlap::none);
    }
  return overlaps;
}

// Writes x into a row of a row-major tensor.
void put_row(const Tensor& stack, int64_t row, const Tensor& x) {
  if (x.is_contiguous()) {
    const int64_t bytes = x.numel() * item_size(x.dtype);
    std::memcpy(stack.as<std::byte>() + row * bytes, x.data(), static_cast<size_t>(bytes));
    return;
  }
  Tensor target = stack;
  target.offset += row * x.numel();
  target.shape.erase(0);
  target.strides.erase(0);
  copy_into(target, x);
}

Tensor geometry(const Tensor& tensor) {
  Tensor out = tensor;
  out.buffer = {};
  return out;
}

} // namespace

std::optional<std::vector<PyTensor*>> tensors_in(const py::tuple& tuple) {
  std::vector<PyTensor*> tensors;
  tensors.reserve(tuple.size());
  for (py::handle item : tuple) {
    if (!is_tensor(item.ptr()) || tensor_in(item)->requires_grad)
      return std::nullopt;
    tensors.push_back(tensor_in(item));
  }
  return tensors;
}

Step::View Step::view_of(Capture& capture, const Tensor& tensor) {
  return {capture.place_of(tensor), geometry(tensor)};
}

Step::Step(Capture& capture, const py::tuple& arguments, const py::tuple& outputs)
    : structure_(structure_version()), modes_(structure_modes()), forks_(fork_count()) {
  const std::vector<PyTensor*> objects = tensors_in(arguments).value();
  for (PyTensor* argument : objects)
    arguments_.push_back(geometry(argument->value));
  overlaps_ = overlaps_of(objects);

  for (py::handle item : outputs) {
    Output output{view_of(capture, tensor_in(item)->value), {}, -1};
    if (capture.program.slots[output.view.place.slot].kind == Slot::outside)
      output.same = py::reinterpret_borrow<py::object>(item);
    for (size_t i = 0; i < outputs_.size() && output.shares < 0; ++i)
      if (outputs_[i].view.place.slot == output.view.place.slot)
        output.shares = static_cast<int32_t>(i);
    outputs_.push_back(std::move(output));
  }
  for (const py::object& leaf : capture.leaves) {
    Gradient gradient{leaf, Gradient::none, {}, {}};
    if (PyObject* grad = tensor_in(leaf)->grad; grad && grad != Py_None) {
      gradient.last = py::reinterpret_borrow<py::object>(grad);
      gradient.view = view_of(capture, tensor_in(grad)->value);
      const auto slot = static_cast<size_t>(gradient.view.place.slot);
      const bool theirs = capture.program.slots[slot].kind == Slot::outside;
      const bool before =
          std::any_of(capture.grads_before.begin(), capture.grads_before.end(), [&](auto& b) {
            return b.leaf.is(leaf) && b.slot == gradient.view.place.slot;
          });
      gradient.kind = theirs || before ? Gradient::kept : Gradient::made;
    }
    gradients_.push_back(std::move(gradient));
  }
  before_ = std::move(capture.grads_before);
  trained_ = std::move(capture.trained);
  for (const SharedVersion& version : capture.changed) {
    const int32_t argument = capture.argument_of(version.get());
    if (argument >= 0)
      changed_arguments_.push_back(argument);
    else
      changed_.push_back(version);
  }
  std::vector<BufferRef> memory = capture.take_memory();
  program_ = std::move(capture.program);
  steady_ = std::all_of(before_.begin(), before_.end(), [this](const GradBefore& before) {
    return std::any_of(gradients_.begin(), gradients_.end(), [&](const Gradient& after) {
      return after.leaf.is(before.leaf) &&
             after.kind == (before.none ? Gradient::none : Gradient::kept);
    });
  });
  const auto note_outliving = [&](const View& view) {
    if (program_.slots[view.place.slot].kind == Slot::inside &&
        std::find(outliving_.begin(), outliving_.end(), view.place.slot) == outliving_.end())
      outliving_.push_back(view.place.slot);
  };
  for (const Output& output : outputs_)
    note_outliving(output.view);
  for (const Gradient& gradient : gradients_)
    if (gradient.kind == Gradient::made)
      note_outliving(gradient.view);
  std::vector<bool> outlives(program_.slots.size());
  for (int32_t slot : outliving_)
    outlives[slot] = true;
  std::vector<const Buffer*> gradients;
  for (const GradBefore& before : before_)
    if (!before.none)
      gradients.push_back(before.buffer.get());
  other_overlaps_ = overlaps_with_others(objects, gradients);
  const bool overlapping =
      std::count(overlaps_.begin(), overlaps_.end(), Overlap::none) <
          static_cast<std::ptrdiff_t>(overlaps_.size()) ||
      std::find(other_overlaps_.begin(), other_overlaps_.end(), true) != other_overlaps_.end();
  optimize(program_, outlives, overlapping);
  workspace_ = std::make_unique<Workspace>(program_, std::move(memory));
}

bool Step::is_current() const { return structure_ == structure_version(); }

// ---- does a call fit ------------------------------------------------------------------

// For each argument and each piece of outside memory, and each gradient from before, whether they
// overlap.
std::vector<bool> Step::overlaps_with_others(const std::vector<PyTensor*>& arguments,
                                             const std::vector<const Buffer*>& gradients) const {
  std::vector<bool> overlaps;
  for (const PyTensor* argument : arguments) {
    for (const Slot& slot : program_.slots)
      if (slot.kind == Slot::outside)
        overlaps.push_back(overlap(argument->value, *slot.buffer.get()));
    for (const Buffer* gradient : gradients)
      overlaps.push_back(overlap(argument->value, *gradient));
  }
  return overlaps;
}

bool Step::fits(const std::vector<PyTensor*>& arguments) const {
  if (!is_current() || modes_ != structure_modes() || arguments.size() != arguments_.size())
    return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Tensor &now = arguments[i]->value, &then = arguments_[i];
    if (now.dtype != then.dtype || !(now.shape == then.shape) || !(now.strides == then.strides))
      return false;
  }
  for (const auto& [tensor, trains] : trained_)
    if (tensor_in(tensor)->requires_grad != trains)
      return false;
  std::vector<const Buffer*> gradients;
  for (const GradBefore& before : before_) {
    const PyTensor* leaf = tensor_in(before.leaf);
    if (before.none != (!leaf->grad || leaf->grad == Py_None))
      return false;
    if (before.none)
      continue;
    const Tensor& grad = tensor_in(leaf->grad)->value;
    const bool same = grad.buffer.get() == before.buffer.get() && grad.offset == before.offset;
    if (!grad.is_contiguous() || (before.slot < 0 && !same))
      return false;
    gradients.push_back(grad.buffer.get());
  }
  return overlaps_of(arguments) == overlaps_ &&
         overlaps_with_others(arguments, gradients) == other_overlaps_;
}

// ---- a replay -------------------------------------------------------------------------

Tensor Step::tensor_at(const View& view, const std::vector<PyTensor*>& arguments) const {
  Tensor out = view.tensor;
  const auto slot = static_cast<size_t>(view.place.slot);
  out.offset = view.place.bytes / item_size(out.dtype);
  if (slot < arguments.size()) {
    const Tensor& argument = arguments[slot]->value;
    out.buffer = argument.buffer;
    out.offset += argument.offset;
  } else if (program_.slots[slot].kind == Slot::input) {
    const auto before = std::find_if(before_.begin(), before_.end(), [&](const GradBefore& b) {
      return b.slot == view.place.slot;
    });
    const Tensor& grad = tensor_in(tensor_in(before->leaf)->grad)->value;
    out.buffer = grad.buffer;
    out.offset += grad.offset - before->offset;
  } else {
    out.buffer = workspace_->buffer(view.place.slot);
  }
  return out;
}

// Results and gradients of earlier replays that somebody holds, or that this one reads, are not
// written over.
void Step::renew_what_is_held() {
  for (int32_t slot : outliving_) {
    const Buffer* buffer = workspace_->buffer(slot).get();
    const bool is_read = std::any_of(before_.begin(), before_.end(), [&](const GradBefore& before) {
      return !before.none && tensor_in(tensor_in(before.leaf)->grad)->value.buffer.get() == buffer;
    });
    int64_t expected = 1; // the workspace
    for (const Gradient& g : gradients_)
      if (g.kind == Gradient::made && g.view.place.slot == slot) {
        const bool there = tensor_in(g.leaf)->grad == g.last.ptr();
        expected += Py_REFCNT(g.last.ptr()) == (there ? 2 : 1);
      }
    if (is_read || buffer->references.load() > expected)
      workspace_->renew(slot);
  }
}

std::unique_lock<std::mutex> Step::take_turn() {
  if (forks_ != fork_count()) { // whoever had the turn is not in this process
    new (&turn_) std::mutex;
    forks_ = fork_count();
  }
  std::unique_lock turn(turn_, std::try_to_lock);
  if (!turn.owns_lock()) {
    const py::gil_scoped_release release;
    turn.lock();
  }
  return turn;
}

// Makes ready for a replay, if it fits.
bool Step::begin(const std::vector<PyTensor*>& arguments) {
  if (!fits(arguments))
    return false;
  for (size_t i = 0; i < arguments.size(); ++i)
    workspace_->set_input(static_cast<int32_t>(i),
                          static_cast<std::byte*>(arguments[i]->value.data()));
  for (const GradBefore& before : before_)
    if (before.slot >= 0) {
      const Tensor& grad = tensor_in(tensor_in(before.leaf)->grad)->value;
      workspace_->set_input(before.slot, static_cast<std::byte*>(grad.data()) -
                                             before.offset * item_size(grad.dtype));
    }
  renew_what_is_held();
  return true;
}

std::vector<Tensor> Step::gradients(const std::vector<PyTensor*>& arguments) const {
  std::vector<Tensor> found;
  for (const Gradient& g : gradients_)
    found.push_back(g.kind == Gradient::made ? tensor_at(g.view, arguments) : Tensor());
  return found;
}

// What a caller sees of so many replays: counters and gradients.
void Step::end(const std::vector<PyTensor*>& arguments, std::vector<Tensor> gradients,
               int64_t steps) {
  for (const SharedVersion& version : changed_)
    version.get()->value += steps;
  for (int32_t i : changed_arguments_)
    version_of(arguments[i])->value += steps;
  for (size_t i = 0; i < gradients_.size(); ++i) {
    Gradient& g = gradients_[i];
    if (g.kind == Gradient::kept)
      continue;
    if (g.kind == Gradient::made &&
        tensor_in(g.last)->value.buffer.get() != gradients[i].buffer.get())
      g.last = py::reinterpret_steal<py::object>(wrap(std::move(gradients[i])));
    PyObject*& grad = tensor_in(g.leaf)->grad;
    PyObject* wanted = g.kind == Gradient::made ? g.last.ptr() : nullptr;
    if (grad != wanted) {
      Py_XINCREF(wanted);
      Py_XSETREF(grad, wanted);
    }
  }
}

py::object Step::replay(const py::tuple& tuple, const std::vector<DrawBase>& bases) {
  std::unique_lock turn = take_turn();
  // No Python code may run while this holds its turn: it could call the step again.
  const auto given = tensors_in(tuple);
  if (!given || recorder || !begin(*given)) {
    turn.unlock();
    return py::none();
  }
  const std::vector<PyTensor*>& arguments = *given;
  {
    const py::gil_scoped_release release;
    workspace_->replay(bases.data());
  }
  std::vector<Tensor> outputs;
  for (const Output& output : outputs_)
    outputs.push_back(output.same ? Tensor() : tensor_at(output.view, arguments));
  std::vector<Tensor> gradients = this->gradients(arguments);
  turn.unlock();
  end(arguments, std::move(gradients), 1);
  return results(std::move(outputs), arguments);
}

void Step::run(Epoch& epoch, int64_t count, const py::tuple& tuple,
               const std::vector<std::pair<py::object, uint64_t>>& generators,
               const std::vector<Scheduled>& scheduled, const std::vector<Tensor>& stacks,
               int64_t stacked_from) {
  const std::vector<PyTensor*> arguments = tensors_in(tuple).value();
  const int64_t first = epoch.done;
  epoch.check_arguments(arguments, first);
  if (count > 1)
    epoch.check_arguments(arguments, first + count - 1);
  require(stacks.size() == outputs_.size(), "epoch: expected ", outputs_.size(), " results, got ",
          stacks.size());
  for (const Scheduled& s : scheduled)
    require(s.hyper.dtype == DType::float64 && s.hyper.numel() > 0 &&
                s.rates.dtype == DType::float64 && s.rates.is_contiguous() && s.rates.ndim() == 2 &&
                s.rates.shape[0] >= first + count && s.column >= 0 && s.column < s.rates.shape[1],
            "epoch: rates: expected a table with a row for each step, got ", s.rates.shape);

  std::unique_lock turn = take_turn();
  if (!begin(arguments)) {
    turn.unlock();
    return;
  }
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    outputs.push_back(tensor_at(outputs_[i].view, arguments));
    Dims shape = outputs.back().shape;
    shape.insert(0, stacks[i].ndim() ? stacks[i].shape[0] : 0);
    require(stacks[i].shape == shape && stacks[i].dtype == outputs.back().dtype &&
                stacks[i].is_contiguous() && shape[0] >= first + count - stacked_from &&
                first >= stacked_from,
            "epoch: results: expected ", shape, ", got ", stacks[i].shape);
  }
  if (!steady_)
    count = 1;
  // No Python code runs in this, so no signal comes between what is drawn and what is counted.
  std::vector<DrawBase> bases;
  const auto advance = [&](uint64_t steps) { // the generators; modulo 2^64 also back
    for (const auto& [generator, draws] : generators) {
      const auto draw = generator.attr("draw").cast<uint64_t>();
      generator.attr("draw") = py::int_(draw + steps * draws);
    }
  };
  for (const auto& [generator, draws] : generators)
    bases.push_back(
        {generator.attr("seed").cast<uint64_t>(), generator.attr("draw").cast<uint64_t>()});
  advance(static_cast<uint64_t>(count)); // before another thread may draw
  std::exception_ptr error;
  {
    const py::gil_scoped_release release;
    try {
      for (int64_t step = first; step < first + count; ++step) {
        epoch.begun = step + 1;
        epoch.gather(arguments, step);
        for (const Scheduled& s : scheduled)
          *s.hyper.as<double>() = s.rates.as<double>()[step * s.rates.shape[1] + s.column];
        workspace_->replay(bases.data());
        for (size_t i = 0; i < outputs.size(); ++i)
          put_row(stacks[i], step - stacked_from, outputs[i]);
        for (size_t i = 0; i < bases.size(); ++i)
          bases[i].draw += generators[i].second;
        ++epoch.done;
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  advance(static_cast<uint64_t>(epoch.begun - (first + count)));
  outputs.clear();
  const int64_t done = epoch.done - first;
  std::vector<Tensor> gradients = done ? this->gradients(arguments) : std::vector<Tensor>();
  turn.unlock();
  if (done)
    end(arguments, std::move(gradients), done);
  if (error)
    std::rethrow_exception(error);
}

std::vector<Tensor> Step::outputs() const {
  std::vector<Tensor> found;
  for (const Output& output : outputs_)
    found.push_back(output.view.tensor);
  return found;
}

py::object Step::results(std::vector<Tensor> tensors, const std::vector<PyTensor*>& arguments) {
  py::list found;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const Output& output = outputs_[i];
    if (output.same) {
      found.append(output.same);
      continue;
    }
    const auto slot = static_cast<size_t>(output.view.place.slot);
    PyTensor* shares = slot < arguments.size() ? arguments[slot]
                       : output.shares >= 0    ? tensor_in(found[output.shares])
                                               : nullptr;
    const auto result = py::reinterpret_steal<py::object>(wrap(std::move(tensors[i])));
    if (shares) {
      tensor_in(result)->version = version_of(shares);
      ++tensor_in(result)->version->references;
    }
    found.append(result);
  }
  return found;
}

// ---- garbage --------------------------------------------------------------------------

int Step::traverse(visitproc visit, void* arg) const {
  for (const Output& output : outputs_)
    Py_VISIT(output.same.ptr());
  for (const Gradient& g : gradients_) {
    Py_VISIT(g.leaf.ptr());
    Py_VISIT(g.last.ptr());
  }
  for (const GradBefore& before : before_)
    Py_VISIT(before.leaf.ptr());
  for (const auto& [tensor, trains] : trained_)
    Py_VISIT(tensor.ptr());
  return 0;
}

void Step::clear() {
  structure_ = -1; // fits no call any more
  const auto outputs = std::move(outputs_);
  const auto gradients = std::move(gradients_);
  const auto before = std::move(before_);
  const auto trained = std::move(trained_);
  outputs_.clear(), gradients_.clear(), before_.clear(), trained_.clear();
}

} // namespace fastdl
