// A captured step as Python calls it: whether a call fits it, the replay, and what a caller sees of
// it afterwards: results, gradients, version counters.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "step/capture.h"
#include "step/program.h"

namespace fastdl {

// How two arguments lie to each other.
enum class Overlap : uint8_t { none, memory, same };

class Step {
public:
  // From a capture of a call with these arguments, and what the call returned.  Takes the memory
  // out of the capture.
  Step(Capture& capture, const pybind11::tuple& arguments, const pybind11::tuple& outputs);

  // Runs the step on these arguments, with the generators standing there; gives the results.  None,
  // and nothing has happened, if the call does not fit.
  pybind11::object replay(const pybind11::tuple& arguments, const std::vector<DrawBase>& bases);

  bool is_current() const;
  const Program& program() const { return program_; }

  // For Python's garbage collector.
  int traverse(visitproc visit, void* arg) const;
  void clear();

private:
  // The geometry of a tensor, at a place of the program.
  struct View {
    Place place;
    Tensor tensor; // without its buffer
  };
  struct Output {
    View view;
    pybind11::object same; // a tensor from outside, returned as it is
    int32_t shares;        // the earlier output with which it counts changes in place; or -1
  };
  struct Gradient {
    pybind11::object leaf;
    enum Kind : int32_t { none, kept, made } kind; // taken away; as it was before; the step's own
    View view;                                     // of one that is made
    pybind11::object last;                         // what the step left in .grad
  };

  View view_of(Capture& capture, const Tensor& tensor);
  Tensor tensor_at(const View& view, const std::vector<PyTensor*>& arguments) const;
  std::vector<bool> overlaps_with_outside(const std::vector<PyTensor*>& arguments) const;
  bool fits(const std::vector<PyTensor*>& arguments) const;
  void renew_what_is_held();
  pybind11::object results(std::vector<Tensor> tensors, const std::vector<PyTensor*>& arguments);

  Program program_;
  std::unique_ptr<Workspace> workspace_;
  std::vector<Tensor> arguments_; // their geometry, without buffers
  std::vector<Overlap> overlaps_; // of each pair
  std::vector<bool> outside_overlaps_;
  std::vector<int32_t> outliving_; // slots
  std::vector<Output> outputs_;
  std::vector<Gradient> gradients_;
  std::vector<GradBefore> before_;
  std::vector<std::pair<pybind11::object, bool>> trained_;
  std::vector<SharedVersion> changed_;
  std::vector<int32_t> changed_arguments_;
  int64_t structure_;

  std::mutex turn_; // one replay at a time
  int forks_;
};

} // namespace fastdl
