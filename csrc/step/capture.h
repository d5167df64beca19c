// Writing a step down while it runs: every kernel call of the thread becomes a Record, and memory
// comes from a pool of the step's own, in which what the step frees it reuses.
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
  pybind11::object leaf;
  bool none;
  int32_t slot; // where its memory is put in a replay; -1: it must be the memory `buffer`, `offset`
  BufferRef buffer;
  int64_t offset; // in elements
};

// Bytes from a tensor's first element to the end of its last.
int64_t extent_of(const Tensor& tensor);

// A counter of changes in place, kept alive.
class SharedVersion {
public:
  explicit SharedVersion(Version* version) : version_(version) { ++version_->references; }
  SharedVersion(const SharedVersion& other) : SharedVersion(other.version_) {}
  SharedVersion& operator=(const SharedVersion&) = delete;
  ~SharedVersion() {
    if (--version_->references == 0)
      delete version_;
  }
  Version* get() const { return version_; }

private:
  Version* version_;
};

class Capture final : public Recorder {
public:
  explicit Capture(const pybind11::tuple& arguments);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // The arguments as the step sees them: tensors of their own over the same memory, so that it can
  // be told from all other memory.
  pybind11::tuple arguments() const;
  // Calls function(*args, **kwargs) and records; `notes` is what Python writes down meanwhile.
  pybind11::object run(const pybind11::object& function, const pybind11::tuple& args,
                       const pybind11::dict& kwargs, const pybind11::object& notes);

  void called(const Call& call) override;
  BufferRef allocate(size_t bytes) override;
  void changed_in_place(PyTensor* tensor) override;
  void grad_read(PyTensor* tensor) override;
  void grad_written(PyTensor* tensor) override;
  void requires_grad_read(PyTensor* tensor) override;
  void requires_grad_written(PyTensor* tensor) override;

  // The draw (seed, draw) is from now on number `index` of that generator.
  void note_draw(uint64_t seed, uint64_t draw, int32_t generator, uint64_t index);

  // The slot of a tensor's memory; of memory not met before it makes one.
  Place place_of(const Tensor& tensor);
  // Whether memory of the step or of its arguments is held by others than these tensors and the
  // `.grad` of leaves.  The arguments are given up before.
  bool is_held_elsewhere(const pybind11::tuple& outputs);
  // The memory that the step used, by slot, now without reference to this object.
  std::vector<BufferRef> take_memory();
  // The argument that counts changes there; or -1.
  int32_t argument_of(const Version* version) const;

  Program program;
  std::vector<GradBefore> grads_before;
  std::vector<pybind11::object> leaves;                   // whose .grad the step touched
  std::vector<SharedVersion> changed;                     // counters of what it changed in place
  std::vector<std::pair<pybind11::object, bool>> trained; // tensors whose requires_grad it read
  pybind11::handle notes;                                 // while it runs

private:
  static void release(Buffer* buffer);
  bool is_inside(const Buffer* buffer) const {
    return buffer->release == release && buffer->owner == this;
  }
  // The gradient from before that lies in this slot and may lie elsewhere in a replay; or null.
  GradBefore* movable(int32_t slot);
  // There is more in its memory than that gradient: it must be there in every replay.
  void pin(GradBefore& before);
  bool touch(PyTensor* leaf);
  void forget_temporaries();

  std::vector<pybind11::object> arguments_;
  std::vector<SharedVersion> argument_versions_;
  std::vector<BufferRef> argument_buffers_;
  std::vector<Buffer*> owned_;
  std::unordered_map<size_t, std::vector<Buffer*>> free_; // by capacity
  std::unordered_set<const Buffer*> unused_;              // all that is in free_
  std::unordered_map<const Buffer*, int32_t> slot_of_;
  std::unordered_set<const PyTensor*> touched_, asked_;
  std::map<std::pair<uint64_t, uint64_t>, std::pair<int32_t, uint64_t>> draws_;
  bool taken_ = false;
};

} // namespace fastdl
