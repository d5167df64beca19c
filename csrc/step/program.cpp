#include "step/program.h"

#include <algorithm>
#include <cstring>

#include "core/launch.h"

namespace fastdl {

void Program::hoist_checks() {
  std::vector<bool> used(slots.size()); // by a call before: it may have written there
  std::vector<Record> checks, others;
  for (const Record& r : records) {
    const Place *first = operands.data() + r.first_operand, *last = first + r.n_operands;
    const bool early =
        (r.op == Op::index_check || r.op == Op::check_values) &&
        std::all_of(first, last, [&](const Place& place) {
          return place.slot < 0 || (slots[place.slot].kind != Slot::inside && !used[place.slot]);
        });
    (early ? checks : others).push_back(r);
    for (const Place* place = first; !early && place < last; ++place)
      if (place->slot >= 0)
        used[place->slot] = true;
  }
  records = std::move(checks);
  records.insert(records.end(), others.begin(), others.end());
}

Workspace::Workspace(const Program& program, std::vector<BufferRef> memory)
    : program_(program), buffers_(std::move(memory)), bases_(program.slots.size()),
      pointers_(program.operands.size()), uses_(program.slots.size()), params_(program.params) {
  buffers_.resize(program.slots.size());
  for (size_t i = 0; i < program.operands.size(); ++i)
    if (program.operands[i].slot >= 0)
      uses_[program.operands[i].slot].push_back(static_cast<int32_t>(i));
  for (size_t slot = 0; slot < program.slots.size(); ++slot) {
    const Slot& s = program.slots[slot];
    if (s.kind == Slot::input)
      continue;
    if (s.kind == Slot::outside)
      buffers_[slot] = s.buffer;
    else if (!buffers_[slot].get())
      buffers_[slot] = allocate_from_pool(s.bytes);
    place(static_cast<int32_t>(slot), buffers_[slot]->data);
  }
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

void Workspace::replay(const DrawBase* bases) {
  for (const Draw& draw : program_.draws) {
    const DrawBase now{bases[draw.generator].seed, bases[draw.generator].draw + draw.index};
    std::memcpy(&params_[draw.params], &now, sizeof now);
  }
  for (const Record& r : program_.records)
    run_kernel(r.kernel, &pointers_[r.first_operand], &params_[r.params], r.units, r.work);
}

} // namespace fastdl
