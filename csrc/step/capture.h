// Writing a step down while it runs: from begin to end every kernel call of the thread becomes a
// Record, and memory comes from a pool of the step's own, in which what the step frees it reuses.
#pragma once
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/launch.h"
#include "core/py_tensor.h"
#include "core/recorder.h"
#include "step/program.h"

namespace fastdl {

// What `.grad` of a leaf was when the step looked at it before giving it a new one.
struct GradBefore {
  PyObject* leaf;
  BufferRef buffer; // null: there was none
  int64_t offset;
};

class Capture final : public Recorder {
public:
  // The arguments' memory gets buffers of its own, so that it can be told from all other memory.
  explicit Capture(std::vector<PyTensor*> arguments);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  void called(const Call& call) override;
  BufferRef allocate(size_t bytes) override;
  void changed_in_place(PyTensor* tensor) override;
  void grad_read(PyTensor* tensor) override;
  void grad_written(PyTensor* tensor) override;

  // The draw (seed, draw) is from now on number `index` of that generator.
  void note_draw(uint64_t seed, uint64_t draw, int32_t generator, uint64_t index);

  // Ends the recording and gives back the arguments' own memory.
  void stop();
  // The slot of a tensor's memory; of memory not met before it makes one.
  Place place_of(const Tensor& tensor);
  // Whether memory of the step, outside of `known`, is still held by somebody.
  bool is_held_elsewhere(const std::unordered_map<Buffer*, int64_t>& known) const;
  // The memory that the step used, by slot, now without reference to this object.
  std::vector<BufferRef> take_memory();

  Program program;
  std::vector<GradBefore> grads_before; // leaves: borrowed from `leaves`
  std::vector<PyObject*> leaves;        // whose .grad the step touched; owned
  std::vector<PyObject*> changed;       // tensors changed in place; owned

private:
  static void release(Buffer* buffer);
  bool is_inside(const Buffer* buffer) const {
    return buffer->release == release && buffer->owner == this;
  }
  bool touch(PyTensor* leaf);

  struct Argument {
    PyTensor* tensor;
    Tensor own;
  };
  std::vector<Argument> arguments_;
  std::vector<BufferRef> argument_buffers_;
  std::vector<Buffer*> owned_;
  std::unordered_map<size_t, std::vector<Buffer*>> free_; // by capacity
  std::unordered_set<const Buffer*> unused_;              // all that is in free_
  std::unordered_map<const Buffer*, int32_t> slot_of_;
  std::unordered_set<const PyTensor*> touched_, seen_changed_;
  std::map<std::pair<uint64_t, uint64_t>, std::pair<int32_t, uint64_t>> draws_;
  bool taken_ = false;
};

} // namespace fastdl
