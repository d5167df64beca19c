// Step::measure: the time of each call, with everything left as it was.
#include <algorithm>
#include <cstring>
#include <exception>

#include "step/step.h"

namespace py = pybind11;

namespace fastdl {

// All memory that others may see, once.
std::vector<std::pair<std::byte*, size_t>>
Step::memory_seen(const std::vector<PyTensor*>& arguments) const {
  std::vector<std::pair<std::byte*, size_t>> seen;
  const auto add = [&seen](const Buffer* buffer) {
    if (buffer && buffer->bytes)
      seen.emplace_back(buffer->data, buffer->bytes);
  };
  for (const Slot& slot : program_.slots)
    if (slot.kind == Slot::outside)
      add(slot.buffer.get());
  for (const int32_t slot : outliving_)
    add(workspace_->buffer(slot).get());
  for (const PyTensor* argument : arguments)
    add(argument->value.buffer.get());
  for (const GradBefore& before : before_)
    if (before.slot >= 0) {
      const auto* leaf = reinterpret_cast<const PyTensor*>(before.leaf.ptr());
      const auto* gradient = reinterpret_cast<const PyTensor*>(leaf->grad);
      add(gradient->value.buffer.get());
    }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  return seen;
}

std::vector<std::vector<double>> Step::measure(const py::tuple& tuple,
                                               const std::vector<DrawBase>& bases, int64_t runs) {
  std::unique_lock turn = take_turn();
  const auto given = tensors_in(tuple);
  if (!given || recorder || !begin(*given)) {
    turn.unlock();
    return {};
  }
  std::vector<std::vector<double>> seconds;
  std::exception_ptr error;
  {
    const py::gil_scoped_release release;
    const auto seen = memory_seen(*given);
    std::vector<std::vector<std::byte>> kept;
    kept.reserve(seen.size());
    for (const auto& [data, bytes] : seen)
      kept.emplace_back(data, data + bytes);
    try {
      for (int64_t i = 0; i < runs; ++i)
        seconds.push_back(workspace_->measure(bases.data()));
    } catch (...) {
      error = std::current_exception();
    }
    for (size_t i = 0; i < seen.size(); ++i)
      if (std::memcmp(seen[i].first, kept[i].data(), seen[i].second) != 0)
        std::memcpy(seen[i].first, kept[i].data(), seen[i].second);
  }
  turn.unlock();
  if (error)
    std::rethrow_exception(error);
  return seconds;
}

} // namespace fastdl
