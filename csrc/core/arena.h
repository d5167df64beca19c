// What an optimizer's step needs of Python's parameters: that they lie in the arena, and their
// gradients.
#pragma once
#include <vector>

#include "core/arena_layout.h"
#include "core/launch.h"
#include "core/py_tensor.h"

namespace fastdl {

// The gradients of `params`, row-major: null where there is none.  What is strided, or lies in the
// arena itself, is copied.
struct Gradients {
  std::vector<const Tensor*> operands;
  std::vector<Tensor> copies;
  bool any = false;
};

// Whether each of these Tensors is its segment of `flat`; a ValueError names a gradient that does
// not fit its parameter.
bool in_arena(const pybind11::list& params, const Tensor& flat, const Tensor& segments);

// RuntimeError where in_arena() does not hold.
Gradients gather_gradients(const char* op, const pybind11::list& params, const Tensor& flat,
                           const Tensor& segments);

// ValueError where hyper and counts are not that many row-major float64, or a state buffer (where
// given) is not like flat.
void check_state(const char* op, const Tensor& hyper, int64_t n_hyper, const Tensor& counts,
                 int64_t n_counts, const Tensor& flat, std::initializer_list<const Tensor*> state);

// Launches a kernel on these operands followed by the gradients.
void launch_step(Op op, DType dtype, std::initializer_list<const Tensor*> operands,
                 const Gradients& gradients, const ArenaParams& params, int64_t units);

// Counts an in-place change of each parameter that has a gradient.
void count_changes(const pybind11::list& params, const Gradients& gradients);

void bind_arena(pybind11::module_& m);

} // namespace fastdl
