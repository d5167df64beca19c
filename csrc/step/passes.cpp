#include "step/passes.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/registry.h"
#include "ops/matmul.h"
#include "step/chain.h"

namespace fastdl {
namespace {

// Whether a call writes its first operand, all others being read, and does nothing else.
bool only_writes_first(Op op) {
  const std::string_view stem = info(op).stem;
  return stem == "unary" || stem == "activation" || stem == "binary" || stem == "where" ||
         stem == "copy" || stem == "dropout" || stem == "matmul";
}

// ---- checks ---------------------------------------------------------------------------

// Checks of memory from outside that no call before can have changed come first, so that bad
// input is refused before anything is written.
void hoist_checks(Program& program) {
  std::vector<bool> used(program.slots.size()); // by a call before: it may have written there
  const auto is_unchanged = [&](const Place& place) {
    if (place.slot < 0)
      return true;
    const Slot& slot = program.slots[place.slot];
    if (slot.kind == Slot::inside || used[place.slot])
      return false;
    for (size_t i = 0; slot.kind == Slot::outside && i < used.size(); ++i)
      if (used[i] && program.slots[i].kind == Slot::outside &&
          share_memory(*program.slots[i].buffer.get(), *slot.buffer.get()))
        return false;
    return true;
  };
  std::vector<Record> checks, others;
  for (const Record& r : program.records) {
    const auto operands = operands_of(program, r);
    const bool early = (r.op == Op::index_check || r.op == Op::check_values) &&
                       std::all_of(operands.begin(), operands.end(), is_unchanged);
    (early ? checks : others).push_back(r);
    for (const Place& place : operands)
      if (!early && place.slot >= 0)
        used[place.slot] = true;
  }
  program.records = std::move(checks);
  program.records.insert(program.records.end(), others.begin(), others.end());
}

// ---- dead calls -----------------------------------------------------------------------

// Calls whose result nobody looks at.
void drop_dead(Program& program, const std::vector<bool>& outlives) {
  std::vector<bool> wanted = outlives;
  for (size_t slot = 0; slot < program.slots.size(); ++slot)
    wanted[slot] = wanted[slot] || program.slots[slot].kind != Slot::inside;
  std::vector<Record> kept;
  for (auto r = program.records.rbegin(); r != program.records.rend(); ++r) {
    const auto operands = operands_of(program, *r);
    if (only_writes_first(r->op) && !wanted[operands[0].slot])
      continue;
    for (const Place& place : operands)
      if (place.slot >= 0)
        wanted[place.slot] = true;
    kept.push_back(*r);
  }
  program.records.assign(kept.rbegin(), kept.rend());
}

// ---- constants ------------------------------------------------------------------------

// Calls that always give the same: once for each workspace, not in each replay.
void hoist_constants(Program& program, const std::vector<bool>& outlives) {
  constexpr size_t kMost = 1 << 20; // bytes; larger ones would fill the caches all the time
  std::vector<int> writers(program.slots.size());
  for (const Record& r : program.records) {
    const bool first_only = only_writes_first(r.op);
    for (const Place& place : operands_of(program, r))
      if (place.slot >= 0 && (!first_only || &place == operands_of(program, r).data()))
        ++writers[place.slot];
  }
  std::vector<Record> kept;
  for (const Record& r : program.records) {
    const auto operands = operands_of(program, r);
    const auto constant = [&](const Place& place) {
      return place.slot < 0 || program.slots[place.slot].constant;
    };
    bool hoists = only_writes_first(r.op) && r.op != Op::dropout &&
                  std::all_of(operands.begin() + 1, operands.end(), constant);
    if (hoists) {
      Slot& out = program.slots[operands[0].slot];
      hoists = out.kind == Slot::inside && !outlives[operands[0].slot] &&
               writers[operands[0].slot] == 1 && out.bytes <= kMost;
      out.constant = hoists;
    }
    (hoists ? program.once : kept).push_back(r);
  }
  program.records = std::move(kept);
}

// ---- what a product can do at its end -------------------------------------------------

// A linear layer's ReLU is computed with it, if nobody else looks at what was before.
void fuse_relu(Program& program, const std::vector<bool>& outlives) {
  const std::vector<Touches> touches = touches_of(program);
  std::vector<Record>& records = program.records;
  for (size_t j = 0; j < records.size(); ++j) {
    if (records[j].op != Op::relu)
      continue;
    const auto relu = operands_of(program, records[j]);
    const Touches &before = touches[relu[1].slot], &after = touches[relu[0].slot];
    const auto at = elementwise(program, records[j]);
    if (program.slots[relu[1].slot].kind != Slot::inside || outlives[relu[1].slot] ||
        before.count != 2 || before.last != static_cast<int32_t>(j) ||
        program.slots[relu[0].slot].kind != Slot::inside || after.first != before.last ||
        !at->linear[0] || !at->linear[1])
      continue;
    Record& linear = records[before.first];
    const auto product = operands_of(program, linear);
    if (linear.op != Op::linear || product[0] != relu[1])
      continue;
    auto& params = params_of<MatmulParams>(program, linear);
    if (params.relu || int64_t{params.m} * params.n != at->numel)
      continue;
    params.relu = true;
    product[0] = relu[0];
    const int64_t kept = at->numel * relu[0].item;
    program.lines[linear.line] =
        join(program.lines[linear.line], program.lines[records[j].line], kept);
    records[j].n_operands = 0; // to be taken out
  }
  std::erase_if(records, [](const Record& r) { return r.n_operands == 0; });
}

// What is added to a product in the product's place, where its memory may take the sum: gradients
// of a weight that is used twice.
void fuse_sums(Program& program, const std::vector<bool>& outlives) {
  std::vector<Record>& records = program.records;
  for (size_t j = 0; j < records.size(); ++j) {
    if (records[j].op != Op::add)
      continue;
    const std::vector<Touches> touches = touches_of(program);
    const auto add = operands_of(program, records[j]); // sum, before, product
    const auto at = elementwise(program, records[j]);
    const auto j_ = static_cast<int32_t>(j);
    bool fits = at->linear[0] && at->linear[1] && at->linear[2] && add[1].slot != add[2].slot;
    for (const Place& place : add) {
      const Slot& slot = program.slots[place.slot];
      const Touches& t = touches[place.slot];
      fits = fits && slot.kind == Slot::inside && !slot.constant && place.bytes == 0 &&
             (&place == add.data() ? t.first == j_ : t.last == j_ && !outlives[place.slot]);
    }
    // What is added to may be the beginning of more.
    fits = fits && program.slots[add[1].slot].bytes <= program.slots[add[0].slot].bytes;
    if (!fits || touches[add[2].slot].count != 2)
      continue;
    const auto i = static_cast<size_t>(touches[add[2].slot].first);
    Record& product = records[i];
    if (product.op != Op::matmul)
      continue;
    auto& params = params_of<MatmulParams>(program, product);
    fits = params.path != MatmulParams::tiles && params.ndim == 0 && !params.relu && !params.add &&
           int64_t{params.m} * params.n == at->numel;
    for (size_t k = i; k < j; ++k)
      for (const Place& place : operands_of(program, records[k]))
        fits = fits && place.slot != add[1].slot;
    if (!fits)
      continue;
    params.add = true;
    operands_of(program, product)[0] = add[0];
    program.lines[product.line] =
        join(program.lines[product.line], program.lines[records[j].line], at->numel * add[0].item);
    const int32_t before = add[1].slot, sum = add[0].slot;
    records[j].n_operands = 0;
    for (const Record& r : records) // what it is added to is written where the sum will be
      for (Place& place : operands_of(program, r))
        if (place.slot == before)
          place.slot = sum;
  }
  std::erase_if(records, [](const Record& r) { return r.n_operands == 0; });
}

// ---- memory ---------------------------------------------------------------------------

// Places in one piece of memory for all that the step needs only while it runs: what is not needed
// any more gives its place to others.  Large ones first, each at the lowest place that is free for
// as long as it needs one.
void plan_arena(Program& program, const std::vector<bool>& outlives) {
  constexpr int64_t kAlign = 64;
  const std::vector<Touches> touches = touches_of(program);
  struct Span {
    int32_t slot, first, last;
    int64_t size, at;
  };
  std::vector<Span> spans;
  for (size_t i = 0; i < program.slots.size(); ++i) {
    Slot& slot = program.slots[i];
    if (slot.kind != Slot::inside || outlives[i])
      continue;
    if (!touches[i].count && !slot.constant) {
      slot.at = Slot::kNowhere;
      continue;
    }
    Span span{
        static_cast<int32_t>(i), touches[i].first, touches[i].last,
        std::max<int64_t>(1, (static_cast<int64_t>(slot.bytes) + kAlign - 1) / kAlign) * kAlign, 0};
    if (slot.constant)
      span.first = -1, span.last = std::numeric_limits<int32_t>::max();
    spans.push_back(span);
  }
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.size > b.size; });
  std::vector<const Span*> placed; // by place
  for (Span& span : spans) {
    for (const Span* other : placed)
      if (other->first <= span.last && span.first <= other->last) { // both at once
        if (span.at + span.size <= other->at)
          break;
        span.at = std::max(span.at, other->at + other->size);
      }
    program.slots[span.slot].at = span.at;
    program.arena_bytes = std::max(program.arena_bytes, span.at + span.size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &span,
                                   [](const Span* a, const Span* b) { return a->at < b->at; }),
                  &span);
  }
}

} // namespace

void optimize(Program& program, const std::vector<bool>& outlives, bool arguments_overlap) {
  if (!arguments_overlap)
    hoist_checks(program);
  drop_dead(program, outlives);
  hoist_constants(program, outlives);
  fuse_relu(program, outlives);
  fuse_sums(program, outlives);
  fuse_chains(program, outlives);
  plan_arena(program, outlives);
}

} // namespace fastdl
