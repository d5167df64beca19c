#include "step/chain.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "core/launch.h"
#include "core/registry.h"
#include "ops/activation.h"
#include "ops/binary.h"
#include "ops/copy.h"
#include "ops/dropout.h"
#include "ops/unary.h"
#include "ops/where.h"

namespace fastdl {
namespace {

constexpr int kMostCalls = 16, kMostScratch = 8; // of a chain; blocks of scratch memory
// Of a block; the odd line keeps the blocks' beginnings out of one set of the cache.
constexpr int64_t kScratchBlock = kBlock * static_cast<int64_t>(sizeof(double)) + 64;

template <int N> Elementwise of_strides(const Strided<N>& s, bool* past_cache) {
  Elementwise e{s.numel, {}, past_cache};
  for (int k = 0; k < N; ++k) {
    int64_t step = 1;
    e.linear[k] = true;
    for (int d = s.ndim - 1; d >= 0; --d) {
      e.linear[k] = e.linear[k] && (s.stride[k][d] == step || s.shape[d] == 1);
      step *= s.shape[d];
    }
  }
  return e;
}

template <class Params> Elementwise of_rows(Params& p) {
  return {p.numel, {true, true, true, true}, &p.past_cache};
}

} // namespace

std::optional<Elementwise> elementwise(Program& program, const Record& r) {
  const std::string_view stem = info(r.op).stem;
  const auto strided = [](auto& p) { return of_strides(p.at, &p.past_cache); };
  if (stem == "unary")
    return strided(params_of<UnaryParams>(program, r));
  if (stem == "binary")
    return strided(params_of<BinaryParams>(program, r));
  if (stem == "where")
    return strided(params_of<WhereParams>(program, r));
  if (stem == "activation")
    return of_rows(params_of<ActivationParams>(program, r));
  if (stem == "dropout")
    return of_rows(params_of<DropoutParams>(program, r));
  if (r.op == Op::copy)
    return strided(params_of<CopyParams>(program, r));
  if (r.op == Op::fill)
    return of_strides(params_of<FillParams>(program, r).at, nullptr);
  return std::nullopt;
}

namespace {

// What the calls of a chain do with a slot.
struct Use {
  Place place;
  bool linear, written; // every time; ever
  int count;
  bool begins; // with a write
};

class ChainBuilder {
public:
  ChainBuilder(Program& program, const std::vector<bool>& outlives)
      : program_(program), outlives_(outlives), touches_(touches_of(program)) {}

  void add(const Record& r) {
    const auto e = elementwise(program_, r);
    const bool fits =
        e && e->numel > kBlock && program_.slots[operand(r, 0).slot].kind == Slot::inside;
    if (!fits || !joins(r, *e))
      close();
    if (!fits) {
      done_.push_back(r);
      return;
    }
    numel_ = e->numel;
    for (int k = 0; k < r.n_operands; ++k) {
      const Place& place = operand(r, k);
      if (place.slot < 0)
        continue;
      const auto [use, is_new] = uses_.try_emplace(place.slot, Use{place, true, false, 0, k == 0});
      // What a call reads of its own result's memory it reads before it writes.
      use->second.begins = use->second.begins && !(is_new && reads(r, place.slot));
      use->second.linear = use->second.linear && e->linear[k] && place == use->second.place;
      use->second.written = use->second.written || k == 0;
      ++use->second.count;
    }
    calls_.push_back(r);
  }

  void close() {
    if (calls_.size() < 2) {
      done_.insert(done_.end(), calls_.begin(), calls_.end());
    } else {
      take_from_memory();
      Record chain = calls_.front();
      chain.kernel = nullptr;
      chain.part = static_cast<int32_t>(program_.parts.size());
      chain.parts = static_cast<int32_t>(calls_.size());
      chain.work = 0;
      Line line = program_.lines[chain.line];
      const auto first = static_cast<int32_t>(program_.operands.size());
      for (Record& r : calls_) { // their operands side by side
        for (int k = 0; k < r.n_operands; ++k)
          program_.operands.push_back(Place(operand(r, k)));
        r.first_operand = static_cast<int32_t>(program_.operands.size()) - r.n_operands;
        chain.work += r.work;
        if (&r != &calls_.front())
          line = join(line, program_.lines[r.line], 0);
      }
      chain.first_operand = first;
      chain.n_operands = static_cast<int32_t>(program_.operands.size()) - first;
      line.operands = program_.lines[chain.line].operands;
      line.bytes -= kept_;
      chain.line = static_cast<int32_t>(program_.lines.size());
      program_.lines.push_back(std::move(line));
      program_.parts.insert(program_.parts.end(), calls_.begin(), calls_.end());
      done_.push_back(chain);
    }
    calls_.clear();
    uses_.clear();
  }

  std::vector<Record> take() {
    close();
    return std::move(done_);
  }

private:
  Place& operand(const Record& r, int k) { return program_.operands[r.first_operand + k]; }
  bool reads(const Record& r, int32_t slot) {
    for (int k = 1; k < r.n_operands; ++k)
      if (operand(r, k).slot == slot)
        return true;
    return false;
  }

  // Whether a call may run block by block with those before: memory that one of them writes is
  // seen by the others at the same elements only.
  bool joins(const Record& r, const Elementwise& e) {
    if (calls_.empty())
      return true;
    if (e.numel != numel_ || calls_.size() == kMostCalls)
      return false;
    for (int k = 0; k < r.n_operands; ++k) {
      const auto use = uses_.find(operand(r, k).slot);
      if (use != uses_.end() && (use->second.written || k == 0) &&
          !(use->second.linear && e.linear[k] && use->second.place == operand(r, k)))
        return false;
    }
    return true;
  }

  bool is_seen_outside(int32_t slot, const Use& use) const {
    return program_.slots[slot].kind != Slot::inside || program_.slots[slot].constant ||
           outlives_[slot] || !use.begins || !use.linear || use.place.bytes ||
           touches_[slot].count != use.count;
  }

  // What only these calls see goes to blocks of scratch memory, each free again after its last use;
  // to memory if no block is free when it is first written.
  void take_from_memory() {
    kept_ = 0;
    std::map<int32_t, int> left; // by slot: how often it is still used
    std::map<int32_t, int32_t> blocks;
    std::vector<int32_t> free;
    for (int32_t i = kMostScratch - 1; i >= 0; --i)
      free.push_back(i);
    for (const Record& r : calls_) {
      const int32_t result = operand(r, 0).slot;
      const Use& use = uses_.at(result);
      const auto e = elementwise(program_, r);
      if (e->past_cache && use.count > 1)
        *e->past_cache = false;
      const bool is_new = left.try_emplace(result, use.count).second;
      if (is_new && !free.empty() && !is_seen_outside(result, use)) {
        blocks[result] = free.back();
        free.pop_back();
        kept_ += use.count * numel_ * use.place.item;
      }
      for (int k = 0; k < r.n_operands; ++k) {
        Place& place = operand(r, k);
        const auto found = blocks.find(place.slot);
        if (found == blocks.end())
          continue;
        if (--left[place.slot] == 0)
          free.push_back(found->second);
        place.slot = Place::kScratch - found->second;
      }
    }
  }

  Program& program_;
  const std::vector<bool>& outlives_;
  const std::vector<Touches> touches_;
  std::vector<Record> calls_, done_;
  std::map<int32_t, Use> uses_; // by slot
  int64_t numel_ = 0, kept_ = 0;
};

} // namespace

void fuse_chains(Program& program, const std::vector<bool>& outlives) {
  ChainBuilder builder(program, outlives);
  for (const Record& r : program.records)
    builder.add(r);
  program.records = builder.take();
}

// ---- running ----------------------------------------------------------------------------

namespace {

struct ChainWork {
  const Program& program;
  const Record& chain;
  void* const* pointers; // of the chain's operands
  const std::byte* params;
};

std::byte* scratch_memory() {
  thread_local const std::unique_ptr<std::byte[]> memory(
      new std::byte[kMostScratch * kScratchBlock + 64]);
  return memory.get() + (64 - reinterpret_cast<uintptr_t>(memory.get()) % 64) % 64;
}

void run_blocks(const void* context, int64_t begin, int64_t end) {
  const auto& work = *static_cast<const ChainWork*>(context);
  const Record* first = &work.program.parts[work.chain.part];
  std::byte* scratch = scratch_memory();
  for (int64_t block = begin; block < end; ++block)
    for (const Record* r = first; r < first + work.chain.parts; ++r) {
      void* operands[Elementwise::kMost];
      for (int k = 0; k < r->n_operands; ++k) {
        const Place& place = work.program.operands[r->first_operand + k];
        operands[k] = place.slot <= Place::kScratch
                          ? scratch + (Place::kScratch - place.slot) * kScratchBlock -
                                block * kBlock * place.item
                          : work.pointers[r->first_operand - work.chain.first_operand + k];
      }
      r->kernel(operands, work.params + r->params, block, block + 1);
    }
}

} // namespace

void run_chain(const Program& program, const Record& chain, void* const* pointers,
               const std::byte* params) {
  const ChainWork work{program, chain, pointers, params};
  run_range(chain.units, chain.work, run_blocks, &work);
}

} // namespace fastdl
