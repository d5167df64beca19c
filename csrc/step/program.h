// A training step written down: its kernel calls, the memory they use, the random draws they take.
// A Program never changes; a Workspace is what one replay at a time needs of its own.
#pragma once
#include <span>
#include <vector>

#include "core/buffer.h"
#include "core/kernel.h"
#include "core/tensor.h"
#include "step/line.h"

namespace fastdl {

// A place in memory as the program knows it: so many bytes into a slot.
struct Place {
  static constexpr int32_t kNone = -1, kScratch = -2; // and below: that block of a thread's own
  int32_t slot;
  int32_t item; // bytes of an element
  int64_t bytes;

  bool operator==(const Place&) const = default;
};

struct Record {
  Kernel kernel; // null: a chain (step/chain.h) of `parts` calls, from `part` on in Program::parts
  Op op;
  int32_t first_operand, n_operands; // in Program::operands
  int32_t line;                      // in Program::lines
  int64_t params;                    // in Program::params
  int64_t units, work;
  int32_t part = 0, parts = 0;
};

// A draw that a call takes: the how-manieth of its generator in this step.
struct Draw {
  int64_t params; // where in Program::params seed and draw index stand
  int32_t generator;
  uint64_t index;
};

struct Slot {
  enum Kind : int32_t {
    outside, // memory that was there before, kept alive: parameters, statistics, constants
    input,   // an argument's, or that of a gradient from before: another one in each replay
    inside,  // the step's own
  };
  Kind kind;
  BufferRef buffer; // of an outside slot
  // Of an inside slot:
  size_t bytes = 0;
  bool constant = false; // written once for each workspace
  static constexpr int64_t kOwn = -1, kNowhere = -2;
  int64_t at = kOwn; // in the workspace's arena, or in memory of its own, or no call uses it
};

struct Program {
  std::vector<Record> records;
  std::vector<Record> once;  // run when a workspace is made
  std::vector<Record> parts; // of chains
  std::vector<Place> operands;
  std::vector<std::byte> params; // each struct aligned to kParamsAlign
  std::vector<Draw> draws;
  std::vector<Slot> slots;
  std::vector<Line> lines; // for people; a replay does not look at them

  int64_t arena_bytes = 0;

  static constexpr size_t kParamsAlign = 16;
};

inline std::span<Place> operands_of(Program& program, const Record& r) {
  return {program.operands.data() + r.first_operand, static_cast<size_t>(r.n_operands)};
}

template <class Params> Params& params_of(Program& program, const Record& r) {
  return *reinterpret_cast<Params*>(&program.params[static_cast<size_t>(r.params)]);
}

// Which calls use a slot.
struct Touches {
  int32_t first, last;
  int count = 0; // operands
};
std::vector<Touches> touches_of(const Program& program); // by slot

// Where a generator stands when a replay begins.
struct DrawBase {
  uint64_t seed, draw;
};

class Workspace {
public:
  // `memory` may give inside slots a buffer to begin with.
  explicit Workspace(const Program& program, std::vector<BufferRef> memory = {});

  // The memory of an argument in the coming replays.
  void set_input(int32_t slot, std::byte* data) { place(slot, data); }
  // Gives an inside slot new memory, since somebody holds what is in the old one.
  void renew(int32_t slot);
  const BufferRef& buffer(int32_t slot) const { return buffers_[slot]; }

  // Runs every call.  Needs no Python.  What a kernel throws ends it.
  void replay(const DrawBase* bases);
  // The same; gives the seconds that each call took.
  std::vector<double> measure(const DrawBase* bases);

private:
  void place(int32_t slot, std::byte* data);

  const Program& program_;
  void run(const Record& record);
  void draw(const DrawBase* bases);

  BufferRef arena_;
  std::vector<BufferRef> buffers_;         // by slot, where it has memory of its own
  std::vector<std::byte*> bases_;          // by slot
  std::vector<void*> pointers_;            // by operand
  std::vector<std::vector<int32_t>> uses_; // by slot: its operands
  std::vector<std::byte> params_;
};

} // namespace fastdl
