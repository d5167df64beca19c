#include "step/capture.h"

#include <algorithm>
#include <cstring>

namespace fastdl {
namespace {

void release_nothing(void* own) { delete static_cast<BufferRef*>(own); }

} // namespace

Capture::Capture(std::vector<PyTensor*> arguments) {
  for (PyTensor* tensor : arguments) {
    arguments_.push_back({tensor, tensor->value});
    Tensor& value = tensor->value;
    const auto size = item_size(value.dtype);
    size_t extent = 0;
    if (value.numel()) {
      extent = size;
      for (int d = 0; d < value.ndim(); ++d)
        extent += static_cast<size_t>((value.shape[d] - 1) * value.strides[d] * size);
    }
    const BufferRef view =
        borrow(value.data(), extent, new BufferRef(value.buffer), release_nothing);
    argument_buffers_.push_back(view); // it must not be mistaken for another one later
    value.buffer = view;
    value.offset = 0;
    Slot slot{};
    slot.kind = Slot::input;
    slot_of_[view.get()] = static_cast<int32_t>(program.slots.size());
    program.slots.push_back(std::move(slot));
  }
  recorder = this;
}

void Capture::stop() {
  if (recorder == this)
    recorder = nullptr;
  for (; !arguments_.empty(); arguments_.pop_back()) { // backwards: a tensor may be there twice
    Tensor& value = arguments_.back().tensor->value;
    value.buffer = arguments_.back().own.buffer;
    value.offset = arguments_.back().own.offset;
  }
}

Capture::~Capture() {
  stop();
  take_memory();
  for (PyObject* leaf : leaves)
    Py_DECREF(leaf);
  for (PyObject* tensor : changed)
    Py_DECREF(tensor);
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
  buffer->bytes = std::max(buffer->bytes, bytes);
  return BufferRef(buffer);
}

void Capture::release(Buffer* buffer) {
  auto* capture = static_cast<Capture*>(buffer->owner);
  capture->unused_.insert(buffer);
  if (!buffer->guarded) // with guard bands its size must stay what it is
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
    const bool unused = unused_.contains(buffer);
    if (unused)
      buffer->references.store(1, std::memory_order_relaxed);
    else
      buffer->references.fetch_add(1, std::memory_order_relaxed);
    BufferRef reference(buffer);
    if (const auto found = slot_of_.find(buffer); found != slot_of_.end()) {
      program.slots[found->second].bytes = buffer->bytes;
      memory[found->second] = std::move(reference);
    }
  }
  owned_.clear();
  return memory;
}

bool Capture::is_held_elsewhere(const std::unordered_map<Buffer*, int64_t>& known) const {
  for (Buffer* buffer : owned_) {
    if (unused_.contains(buffer))
      continue;
    const auto found = known.find(buffer);
    if (buffer->references.load() > (found == known.end() ? 0 : found->second))
      return true;
  }
  return false;
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
    program.slots.push_back(std::move(slot));
  }
  return {found->second, static_cast<std::byte*>(tensor.data()) - buffer->data};
}

void Capture::called(const Call& call) {
  Record r{call.kernel,     call.op, call.dtype, static_cast<int32_t>(program.operands.size()),
           call.n_operands, 0,       call.units, call.work};
  for (int i = 0; i < call.n_operands; ++i)
    program.operands.push_back(call.operands[i] ? place_of(*call.operands[i]) : Place{-1, 0});
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
  draws_[{seed, draw}] = {generator, index};
}

// ---- tensors --------------------------------------------------------------------------

void Capture::changed_in_place(PyTensor* tensor) {
  if (!is_inside(tensor->value.buffer.get()) && seen_changed_.insert(tensor).second)
    changed.push_back(Py_NewRef(reinterpret_cast<PyObject*>(tensor)));
}

bool Capture::touch(PyTensor* leaf) {
  if (is_inside(leaf->value.buffer.get()) || !touched_.insert(leaf).second)
    return false;
  leaves.push_back(Py_NewRef(reinterpret_cast<PyObject*>(leaf)));
  return true;
}

void Capture::grad_read(PyTensor* tensor) {
  if (!touch(tensor))
    return;
  const PyObject* grad = tensor->grad;
  GradBefore before{reinterpret_cast<PyObject*>(tensor), {}, 0};
  if (grad && grad != Py_None) {
    const Tensor& value = reinterpret_cast<const PyTensor*>(grad)->value;
    before.buffer = value.buffer;
    before.offset = value.offset;
  }
  grads_before.push_back(std::move(before));
}

void Capture::grad_written(PyTensor* tensor) { touch(tensor); }

} // namespace fastdl
