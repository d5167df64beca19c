// The batches of an epoch, gathered row by row into the arguments of a step.
#pragma once
#include <optional>
#include <vector>

#include "core/py_tensor.h"

namespace fastdl {

class Epoch {
public:
  // `sources` by argument: tensors of which each step gets `batch` rows, the last step what is
  // left, in this order (int64 row numbers; in their own order without one); nothing where an
  // argument is the same in every step.  Throws ValueError where rows are not each in one piece,
  // IndexError for a row that is not there.
  Epoch(std::vector<std::optional<Tensor>> sources, std::optional<Tensor> order, int64_t rows,
        int64_t batch);

  int64_t steps() const { return (rows_ + batch_ - 1) / batch_; }
  int64_t rows_of(int64_t step) const { return std::min(batch_, rows_ - step * batch_); }

  // ValueError if these cannot take the rows of that step.
  void check_arguments(const std::vector<PyTensor*>& arguments, int64_t step) const;
  // Puts the rows of a step into them.  Needs no Python.
  void gather(const std::vector<PyTensor*>& arguments, int64_t step) const;

  int64_t done = 0, begun = 0; // so many steps

private:
  std::vector<std::optional<Tensor>> sources_;
  std::optional<Tensor> order_;
  int64_t rows_, batch_;
};

} // namespace fastdl
