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
  // From a stopped capture of a call with these arguments, and what the call returned.  Takes the
  // memory out of the capture.
  Step(Capture& capture, const pybind11::tuple& arguments, const pybind11::tuple& outputs);

  // Runs the step on these arguments, with the generators standing there; gives the results.  None,
  // and nothing has happened, if the call does not fit.
  pybind11::object replay(const pybind11::tuple& arguments, const std::vector<DrawBase>& bases);

  const Program& program() const { return program_; }

private:
  // The geometry of a tensor, at a place of the program.
  struct View {
    Place place;
    Tensor tensor; // without its buffer
  };
  struct Output {
    View view;
    pybind11::object same; // a tensor from outside, returned as it is
  };
  struct Gradient {
    pybind11::object leaf;
    int32_t argument; // the leaf is this argument; or -1
    bool ours;        // made by the step, else `kept` stays where it is
    View view;
    pybind11::object kept; // what the step left in .grad, or None
  };
  struct Before {
    pybind11::object leaf;
    int32_t argument;
    BufferRef buffer;
    int64_t offset;
  };

  View view_of(Capture& capture, const Tensor& tensor);
  Tensor tensor_at(const View& view, const std::vector<PyTensor*>& arguments) const;
  bool fits(const std::vector<PyTensor*>& arguments) const;
  void renew_what_is_held();

  Program program_;
  std::unique_ptr<Workspace> workspace_;
  std::vector<Tensor> arguments_;                // their geometry, without buffers
  std::vector<Overlap> overlaps_;                // of each pair
  std::vector<int32_t> input_slots_, outliving_; // slots
  std::vector<Output> outputs_;
  std::vector<Gradient> gradients_;
  std::vector<Before> before_;
  std::vector<pybind11::object> changed_;
  std::vector<int32_t> changed_arguments_;
  int64_t structure_;
  std::mutex turn_; // one replay at a time
};

} // namespace fastdl
