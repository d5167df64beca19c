#include "step/capture.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace py = pybind11;

namespace fastdl {
namespace {

PyTensor* tensor_of(py::handle object) { return reinterpret_cast<PyTensor*>(object.ptr()); }

py::object object_of(PyTensor* tensor) {
  return py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(tensor));
}

// The same window on memory that belongs to a buffer of its own.
Tensor in_own_buffer(const Tensor& x) {
  Tensor out = x;
  out.offset = 0;
  out.buffer = borrow(x.data(), static_cast<size_t>(extent_of(x)), new BufferRef(x.buffer),
                      [](void* kept) { delete static_cast<BufferRef*>(kept); });
  return out;
}

} // namespace

int64_t extent_of(const Tensor& x) {
  const auto size = item_size(x.dtype);
  int64_t extent = x.numel() ? size : 0;
  for (int d = 0; extent && d < x.ndim(); ++d)
    extent += (x.shape[d] - 1) * x.strides[d] * size;
  return extent;
}

Capture::Capture(const py::tuple& arguments) {
  for (py::handle item : arguments) {
    Tensor x = in_own_buffer(tensor_of(item)->value);
    argument_buffers_.push_back(x.buffer);
    slot_of_[x.buffer.get()] = static_cast<int32_t>(program.slots.size());
    Slot slot{};
    slot.kind = Slot::input;
    program.slots.push_back(std::move(slot));
    argument_versions_.emplace_back(version_of(tensor_of(item)));
    arguments_.push_back(py::reinterpret_steal<py::object>(wrap(std::move(x))));
    PyTensor* alias = tensor_of(arguments_.back());
    alias->version = argument_versions_.back().get();
    ++alias->version->references;
  }
}

Capture::~Capture() { take_memory(); }

py::tuple Capture::arguments() const { return py::cast(arguments_); }

py::object Capture::run(const py::object& function, const py::tuple& args, const py::dict& kwargs,
                        const py::object& its_notes) {
  notes = its_notes;
  struct Recording { // nothing comes between, not even a signal
    explicit Recording(Recorder* now) { recorder = now; }
    ~Recording() { recorder = nullptr; }
  } const recording(this);
  return function(*args, **kwargs);
}

// ---- memory ---------------------------------------------------------------------------

BufferRef Capture::allocate(size_t bytes) {
  auto& spare = free_[pool_capacity(bytes)];
  if (spare.empty()) {
    BufferRef fresh = allocate_from_pool(bytes);
    fresh->release = release;
    fresh->owner = this;
    owned_.push_back(fresh.get());
    return fresh;
  }
  Buffer* buffer = spare.back();
  spare.pop_back();
  unused_.erase(buffer);
  buffer->references.store(1, std::memory_order_relaxed);
  buffer->bytes = bytes;
  return BufferRef(buffer);
}

void Capture::release(Buffer* buffer) {
  auto* capture = static_cast<Capture*>(buffer->owner);
  capture->unused_.insert(buffer);
  capture->slot_of_.erase(buffer); // whoever gets it next is another slot
  if (!buffer->guarded)            // with guard bands its size must stay what it is
    capture->free_[buffer->capacity].push_back(buffer);
}

std::vector<BufferRef> Capture::take_memory() {
  std::vector<BufferRef> memory(program.slots.size());
  if (taken_)
    return memory;
  taken_ = true;
  for (Buffer* buffer : owned_) {
    buffer->release = release_to_pool;
    buffer->owner = nullptr;
    if (unused_.contains(buffer))
      buffer->references.store(1, std::memory_order_relaxed);
    else
      buffer->references.fetch_add(1, std::memory_order_relaxed);
    BufferRef reference(buffer);
    if (const auto found = slot_of_.find(buffer); found != slot_of_.end())
      memory[found->second] = std::move(reference);
  }
  owned_.clear();
  return memory;
}

// Tensors that nobody holds but this object were made in the step, and are gone; with a view goes
// what it is a view of.
void Capture::forget_temporaries() {
  std::unordered_set<PyObject*> temporary;
  do {
    std::unordered_map<PyObject*, Py_ssize_t> holds;
    for (const py::object& leaf : leaves)
      ++holds[leaf.ptr()];
    for (const GradBefore& before : grads_before)
      ++holds[before.leaf.ptr()];
    for (const auto& [tensor, trains] : trained)
      ++holds[tensor.ptr()];
    temporary.clear();
    for (const auto& [tensor, count] : holds)
      if (Py_REFCNT(tensor) == count)
        temporary.insert(tensor);
    std::erase_if(leaves, [&](const auto& leaf) { return temporary.contains(leaf.ptr()); });
    std::erase_if(grads_before, [&](const auto& b) { return temporary.contains(b.leaf.ptr()); });
    std::erase_if(trained, [&](const auto& t) { return temporary.contains(t.first.ptr()); });
  } while (!temporary.empty());
}

bool Capture::is_held_elsewhere(const py::tuple& outputs) {
  arguments_.clear();
  forget_temporaries();
  std::unordered_map<const Buffer*, int64_t> known;
  for (const BufferRef& buffer : argument_buffers_)
    ++known[buffer.get()];
  for (py::handle output : outputs)
    ++known[tensor_of(output)->value.buffer.get()];
  for (const py::object& leaf : leaves)
    if (PyObject* grad = tensor_of(leaf)->grad; grad && grad != Py_None) {
      const Buffer* buffer = tensor_of(grad)->value.buffer.get();
      if (is_inside(buffer) && Py_REFCNT(grad) > 1)
        return true;
      ++known[buffer];
    }
  std::vector<const Buffer*> ours(owned_.begin(), owned_.end());
  for (const BufferRef& buffer : argument_buffers_)
    ours.push_back(buffer.get());
  return std::any_of(ours.begin(), ours.end(), [&](const Buffer* buffer) {
    return !unused_.contains(buffer) && buffer->references.load() > known[buffer];
  });
}

// ---- calls ----------------------------------------------------------------------------

Place Capture::place_of(const Tensor& tensor) {
  const Buffer* buffer = tensor.buffer.get();
  const auto [found, is_new] = slot_of_.try_emplace(buffer, program.slots.size());
  if (is_new) {
    Slot slot{};
    slot.kind = is_inside(buffer) ? Slot::inside : Slot::outside;
    if (slot.kind == Slot::outside)
      slot.buffer = tensor.buffer;
    else
      slot.bytes = buffer->bytes;
    program.slots.push_back(std::move(slot));
  } else if (GradBefore* before = movable(found->second)) {
    const int64_t end = before->offset + tensor_of(before->leaf)->value.numel();
    const int64_t extent = extent_of(tensor) / item_size(tensor.dtype);
    if (tensor.offset < before->offset || tensor.offset + extent > end)
      pin(*before);
  }
  return {found->second, static_cast<int32_t>(item_size(tensor.dtype)),
          static_cast<std::byte*>(tensor.data()) - buffer->data};
}

GradBefore* Capture::movable(int32_t slot) {
  if (program.slots[slot].kind != Slot::input ||
      slot < static_cast<int32_t>(argument_buffers_.size()))
    return nullptr;
  return &*std::find_if(grads_before.begin(), grads_before.end(),
                        [slot](const GradBefore& before) { return before.slot == slot; });
}

void Capture::pin(GradBefore& before) {
  Slot& slot = program.slots[std::exchange(before.slot, -1)];
  slot.kind = Slot::outside;
  slot.buffer = before.buffer;
}

void Capture::called(const Call& call) {
  Record r{call.kernel,
           call.op,
           static_cast<int32_t>(program.operands.size()),
           call.n_operands,
           static_cast<int32_t>(program.lines.size()),
           0,
           call.units,
           call.work};
  program.lines.push_back(describe(call));
  for (int i = 0; i < call.n_operands; ++i)
    program.operands.push_back(call.operands[i] ? place_of(*call.operands[i])
                                                : Place{Place::kNone, 0, 0});
  auto& params = program.params;
  const size_t at =
      (params.size() + Program::kParamsAlign - 1) / Program::kParamsAlign * Program::kParamsAlign;
  params.resize(at + static_cast<size_t>(call.params_bytes));
  std::memcpy(&params[at], call.params, static_cast<size_t>(call.params_bytes));
  r.params = static_cast<int64_t>(at);
  program.records.push_back(r);
  if (call.draw_offset == kNoDraw)
    return;
  DrawBase taken; // the seed stands before the draw index
  const int64_t pair = r.params + call.draw_offset - static_cast<int64_t>(sizeof taken.seed);
  std::memcpy(&taken, &params[static_cast<size_t>(pair)], sizeof taken);
  if (const auto found = draws_.find({taken.seed, taken.draw}); found != draws_.end())
    program.draws.push_back({pair, found->second.first, found->second.second});
}

void Capture::note_draw(uint64_t seed, uint64_t draw, int32_t generator, uint64_t index) {
  const bool is_new = draws_.try_emplace({seed, draw}, generator, index).second;
  if (!is_new)
    refuse_while_recording("two generators in the same state give the same draws",
                           "seed them apart");
}

// ---- tensors --------------------------------------------------------------------------

int32_t Capture::argument_of(const Version* version) const {
  for (size_t i = 0; i < argument_versions_.size(); ++i)
    if (argument_versions_[i].get() == version)
      return static_cast<int32_t>(i);
  return -1;
}

void Capture::changed_in_place(PyTensor* tensor) {
  if (is_inside(tensor->value.buffer.get()))
    return;
  Version* version = version_of(tensor);
  const auto same = [version](const SharedVersion& other) { return other.get() == version; };
  if (std::none_of(changed.begin(), changed.end(), same))
    changed.emplace_back(version);
}

bool Capture::touch(PyTensor* leaf) {
  if (is_inside(leaf->value.buffer.get()) || !touched_.insert(leaf).second)
    return false;
  leaves.push_back(object_of(leaf));
  return true;
}

void Capture::grad_read(PyTensor* tensor) {
  if (!touch(tensor))
    return;
  const PyObject* grad = tensor->grad;
  GradBefore before{object_of(tensor), !grad || grad == Py_None, -1, {}, 0};
  if (!before.none) {
    const Tensor& value = reinterpret_cast<const PyTensor*>(grad)->value;
    before.buffer = value.buffer;
    before.offset = value.offset;
    const bool is_new = slot_of_.try_emplace(value.buffer.get(), program.slots.size()).second;
    if (is_new && value.is_contiguous()) { // memory that no other tensor of the step is known in
      before.slot = static_cast<int32_t>(program.slots.size());
      Slot slot{};
      slot.kind = Slot::input;
      program.slots.push_back(std::move(slot));
    } else if (is_new) {
      slot_of_.erase(value.buffer.get());
    } else if (GradBefore* other = movable(slot_of_.at(value.buffer.get()))) {
      pin(*other);
    }
  }
  grads_before.push_back(std::move(before));
}

void Capture::grad_written(PyTensor* tensor) { touch(tensor); }

void Capture::requires_grad_read(PyTensor* tensor) {
  const bool leaf = !tensor->node || tensor->node == Py_None;
  if (leaf && !is_inside(tensor->value.buffer.get()) && asked_.insert(tensor).second)
    trained.emplace_back(object_of(tensor), tensor->requires_grad);
}

void Capture::requires_grad_written(PyTensor* tensor) {
  for (const py::object& argument : arguments_)
    if (tensor_of(argument) == tensor)
      refuse_while_recording("requires_grad of an argument is set",
                             "set it outside, or on argument.detach()");
}

} // namespace fastdl
