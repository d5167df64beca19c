#include "step/line.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace fastdl {
namespace {

constexpr int kShown = 8; // operands; an optimizer's step has one for each parameter

// Of memory: an expanded tensor's elements are there once.
int64_t bytes_of(const Tensor& x) {
  int64_t n = 1;
  for (int d = 0; d < x.ndim(); ++d)
    n *= x.strides[d] == 0 ? std::min<int64_t>(x.shape[d], 1) : x.shape[d];
  return n * item_size(x.dtype);
}

// How often an optimizer's kernel goes through operand i.  An update reads and writes the
// parameters and what it remembers of them (operands: hyper, counts, segments, parameters, those,
// gradients); the count before it looks only at which gradients there are (hyper, counts,
// gradients).
int64_t passes_of_optimizer(const Call& call, int i) {
  const Tensor* segments = call.n_operands > 2 ? call.operands[2] : nullptr;
  const bool update = segments && segments->dtype == DType::int64;
  if (!update)
    return i < 2 ? 1 : 0;
  return i >= 3 && i < call.n_operands - segments->shape[0] ? 2 : 1;
}

} // namespace

Line describe(const Call& call) {
  const std::string stem = info(call.op).stem;
  const bool optimizer = stem == "sgd" || stem == "adam" || stem == "optimizers";
  Line line{info(call.op).name, {}, 0, 0};
  std::ostringstream text;
  const char* dtype = "";
  for (int i = 0; i < call.n_operands; ++i) {
    const Tensor* x = call.operands[i];
    const int64_t passes = !x ? 0 : optimizer ? passes_of_optimizer(call, i) : 1;
    if (passes) {
      line.bytes += bytes_of(*x) * passes;
      line.operations = std::max(line.operations, x->numel());
    }
    if (i >= kShown)
      continue;
    text << (i ? " " : "");
    if (x && std::exchange(dtype, name_of(x->dtype)) != name_of(x->dtype))
      text << dtype << ' ';
    if (x)
      text << x->shape;
    else
      text << '-';
  }
  if (call.n_operands > kShown)
    text << " and " << call.n_operands - kShown << " more";
  line.operands = text.str();
  if (stem == "matmul") { // out, a (..., m, k)
    const Tensor& a = *call.operands[1];
    line.operations = 2 * call.operands[0]->numel() * a.shape[a.ndim() - 1];
  }
  return line;
}

Line join(const Line& first, const Line& second, int64_t kept) {
  return {first.name + " + " + second.name, first.operands + " + " + second.operands,
          first.bytes + second.bytes - 2 * kept, first.operations + second.operations};
}

} // namespace fastdl
