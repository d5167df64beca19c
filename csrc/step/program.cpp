#include "step/program.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "core/launch.h"
#include "step/chain.h"

namespace fastdl {

std::vector<Touches> touches_of(const Program& program) {
  std::vector<Touches> touches(program.slots.size());
  for (size_t i = 0; i < program.records.size(); ++i) {
    const Record& r = program.records[i];
    for (int k = 0; k < r.n_operands; ++k) {
      const Place& place = program.operands[r.first_operand + k];
      if (place.slot < 0)
        continue;
      Touches& t = touches[place.slot];
      if (t.count++ == 0)
        t.first = static_cast<int32_t>(i);
      t.last = static_cast<int32_t>(i);
    }
  }
  return touches;
}

Workspace::Workspace(const Program& program, std::vector<BufferRef> memory)
    : program_(program), buffers_(std::move(memory)), bases_(program.slots.size()),
      pointers_(program.operands.size()), uses_(program.slots.size()), params_(program.params) {
  buffers_.resize(program.slots.size());
  if (program.arena_bytes)
    arena_ = allocate_from_pool(static_cast<size_t>(program.arena_bytes));
  for (size_t i = 0; i < program.operands.size(); ++i)
    if (program.operands[i].slot >= 0)
      uses_[program.operands[i].slot].push_back(static_cast<int32_t>(i));
  for (size_t slot = 0; slot < program.slots.size(); ++slot) {
    const Slot& s = program.slots[slot];
    if (s.kind == Slot::input || s.at == Slot::kNowhere)
      continue;
    if (s.kind == Slot::outside)
      buffers_[slot] = s.buffer;
    else if (s.at == Slot::kOwn && !buffers_[slot].get())
      buffers_[slot] = allocate_from_pool(s.bytes);
    place(static_cast<int32_t>(slot),
          s.at == Slot::kOwn ? buffers_[slot]->data : arena_->data + s.at);
  }
  for (const Record& r : program.once)
    run(r);
}

void Workspace::place(int32_t slot, std::byte* data) {
  if (bases_[slot] == data)
    return;
  bases_[slot] = data;
  for (int32_t i : uses_[slot])
    pointers_[i] = data + program_.operands[i].bytes;
}

void Workspace::renew(int32_t slot) {
  buffers_[slot] = allocate_from_pool(program_.slots[slot].bytes);
  place(slot, buffers_[slot]->data);
}

void Workspace::draw(const DrawBase* bases) {
  for (const Draw& draw : program_.draws) {
    const DrawBase now{bases[draw.generator].seed, bases[draw.generator].draw + draw.index};
    std::memcpy(&params_[draw.params], &now, sizeof now);
  }
}

void Workspace::replay(const DrawBase* bases) {
  draw(bases);
  for (const Record& r : program_.records)
    run(r);
}

std::vector<double> Workspace::measure(const DrawBase* bases) {
  using Clock = std::chrono::steady_clock;
  draw(bases);
  std::vector<double> seconds;
  seconds.reserve(program_.records.size());
  auto begun = Clock::now();
  for (const Record& r : program_.records) {
    run(r);
    const auto now = Clock::now();
    seconds.push_back(std::chrono::duration<double>(now - std::exchange(begun, now)).count());
  }
  return seconds;
}

void Workspace::run(const Record& r) {
  void* const* operands = pointers_.data() + r.first_operand;
  if (r.kernel)
    run_kernel(r.kernel, operands, params_.data() + r.params, r.units, r.work);
  else
    run_chain(program_, r, operands, params_.data());
}

} // namespace fastdl
