// A captured step as Python calls it: whether a call fits it, the replay, and what a caller sees of
// it afterwards: results, gradients, version counters.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "step/capture.h"
#include "step/epoch.h"
#include "step/program.h"

namespace fastdl {

// Numbers that an optimizer's kernel reads, of which the first, the learning rate, has a column of
// a table with a row for each step.
struct Scheduled {
  Tensor hyper; // float64
  Tensor rates; // float64 (steps, columns), row-major
  int64_t column;
};

// How two arguments lie to each other.
enum class Overlap : uint8_t { none, memory, same };

// Nothing if something else is among them, or a tensor that requires gradients.
std::optional<std::vector<PyTensor*>> tensors_in(const pybind11::tuple& tuple);

class Step {
public:
  // From a capture of a call with these arguments, and what the call returned.  Takes the memory
  // out of the capture.
  Step(Capture& capture, const pybind11::tuple& arguments, const pybind11::tuple& outputs);

  // Runs the step on these arguments, with the generators standing there; gives the results.  None,
  // and nothing has happened, if the call does not fit.
  pybind11::object replay(const pybind11::tuple& arguments, const std::vector<DrawBase>& bases);

  // Runs `count` steps of an epoch from the first that is not done, as many calls would: with the
  // rows of each in these arguments, with rates of its own, with draws of (Generator, how many a
  // step takes) that follow each other.  What a step returns goes into its row of `stacks`, whose
  // first is that of step `stacked_from`.  Fewer steps are done where the call does not fit, or not
  // any more.
  void run(Epoch& epoch, int64_t count, const pybind11::tuple& arguments,
           const std::vector<std::pair<pybind11::object, uint64_t>>& generators,
           const std::vector<Scheduled>& scheduled, const std::vector<Tensor>& stacks,
           int64_t stacked_from);

  // Runs the step so many times on these arguments and puts everything back as it was; the seconds
  // of each call in each run.  Nothing, and nothing has happened, if the call does not fit.
  std::vector<std::vector<double>> measure(const pybind11::tuple& arguments,
                                           const std::vector<DrawBase>& bases, int64_t runs);

  // Whether it can fit any more.
  bool is_current() const;
  // What it returns, without memory.
  std::vector<Tensor> outputs() const;
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
  std::vector<bool> overlaps_with_others(const std::vector<PyTensor*>& arguments,
                                         const std::vector<const Buffer*>& gradients) const;
  bool fits(const std::vector<PyTensor*>& arguments) const;
  void renew_what_is_held();
  std::unique_lock<std::mutex> take_turn();
  std::vector<std::pair<std::byte*, size_t>>
  memory_seen(const std::vector<PyTensor*>& arguments) const;
  bool begin(const std::vector<PyTensor*>& arguments);
  std::vector<Tensor> gradients(const std::vector<PyTensor*>& arguments) const;
  void end(const std::vector<PyTensor*>& arguments, std::vector<Tensor> gradients, int64_t steps);
  pybind11::object results(std::vector<Tensor> tensors, const std::vector<PyTensor*>& arguments);

  Program program_;
  std::unique_ptr<Workspace> workspace_;
  std::vector<Tensor> arguments_; // their geometry, without buffers
  std::vector<Overlap> overlaps_; // of each pair
  std::vector<bool> other_overlaps_;
  std::vector<int32_t> outliving_; // slots
  std::vector<Output> outputs_;
  std::vector<Gradient> gradients_;
  std::vector<GradBefore> before_;
  std::vector<std::pair<pybind11::object, bool>> trained_;
  std::vector<SharedVersion> changed_;
  std::vector<int32_t> changed_arguments_;
  int64_t structure_;
  uint64_t modes_;
  bool steady_; // after a replay another one fits

  std::mutex turn_; // one replay at a time
  int forks_;
};

} // namespace fastdl
