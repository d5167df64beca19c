// A training step written down: its kernel calls, the memory they use, the random draws they take.
// A Program never changes; a Workspace is what one replay at a time needs of its own.
#pragma once
#include <vector>

#include "core/buffer.h"
#include "core/kernel.h"
#include "core/tensor.h"
#include "step/line.h"

namespace fastdl {

// A place in memory as the program knows it: so many bytes into a slot.
struct Place {
  int32_t slot; // -1: a null operand
  int64_t bytes;
};

struct Record {
  Kernel kernel;
  Op op;
  int32_t first_operand, n_operands; // in Program::operands
  int32_t line;                      // in Program::lines
  int64_t params;                    // in Program::params
  int64_t units, work;
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
  size_t bytes = 0; // of an inside slot
};

struct Program {
  std::vector<Record> records;
  std::vector<Place> operands;
  std::vector<std::byte> params; // each struct aligned to kParamsAlign
  std::vector<Draw> draws;
  std::vector<Slot> slots;
  std::vector<Line> lines; // for people; a replay does not look at them

  static constexpr size_t kParamsAlign = 16;

  // Checks of memory from outside that no call before can have changed come first, so that bad
  // input is refused before anything is written.
  void hoist_checks();
};

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

private:
  void place(int32_t slot, std::byte* data);

  const Program& program_;
  std::vector<BufferRef> buffers_;         // by slot
  std::vector<std::byte*> bases_;          // by slot
  std::vector<void*> pointers_;            // by operand
  std::vector<std::vector<int32_t>> uses_; // by slot: its operands
  std::vector<std::byte> params_;
};

} // namespace fastdl
