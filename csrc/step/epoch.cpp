#include "step/epoch.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "core/parallel.h"

namespace fastdl {
namespace {

constexpr int64_t kWorthThreads = 1 << 20; // bytes

// Rows of one tensor: where they lie, where they go.
struct Rows {
  const std::byte* from;
  std::byte* to;
  int64_t step, bytes; // from row to row in `from`; of a row
  const int64_t* order;
  int64_t first; // in `order`, or of all rows
};

int64_t bytes_of_row(const Tensor& x) {
  int64_t n = item_size(x.dtype);
  for (int d = 1; d < x.ndim(); ++d)
    n *= x.shape[d];
  return n;
}

template <class T> void copy_items(const Rows& rows, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const int64_t row = rows.order ? rows.order[rows.first + i] : rows.first + i;
    std::memcpy(rows.to + i * static_cast<int64_t>(sizeof(T)), rows.from + row * rows.step,
                sizeof(T));
  }
}

void copy_rows(const void* context, int64_t begin, int64_t end) {
  const auto& rows = *static_cast<const Rows*>(context);
  if (rows.bytes == 8)
    return copy_items<int64_t>(rows, begin, end);
  if (rows.bytes == 4)
    return copy_items<int32_t>(rows, begin, end);
  for (int64_t i = begin; i < end; ++i) {
    const int64_t row = rows.order ? rows.order[rows.first + i] : rows.first + i;
    std::memcpy(rows.to + i * rows.bytes, rows.from + row * rows.step,
                static_cast<size_t>(rows.bytes));
  }
}

bool rows_in_one_piece(const Tensor& x) {
  Tensor row = x;
  if (x.shape[0])
    row.shape[0] = 1;
  return row.is_contiguous();
}

} // namespace

Epoch::Epoch(std::vector<std::optional<Tensor>> sources, std::optional<Tensor> order, int64_t rows,
             int64_t batch)
    : sources_(std::move(sources)), order_(std::move(order)), rows_(rows), batch_(batch) {
  require(batch_ >= 1, "epoch: batch_size: expected at least 1, got ", batch_);
  require(rows_ >= 0, "epoch: rows: expected at least 0, got ", rows_);
  int64_t there = -1; // rows of the shortest
  for (const auto& source : sources_)
    if (source) {
      require(source->ndim() > 0 && rows_in_one_piece(*source),
              "epoch: data: expected rows in one piece each");
      there = there < 0 ? source->shape[0] : std::min(there, source->shape[0]);
    }
  if (!order_) {
    require<IndexError>(there < 0 || rows_ <= there, "epoch: rows: expected at most ", there,
                        ", got ", rows_);
    return;
  }
  require(order_->dtype == DType::int64 && order_->ndim() == 1 && order_->is_contiguous() &&
              order_->numel() >= rows_,
          "epoch: order: expected ", rows_, " int64 in a row");
  const auto* first = order_->as<int64_t>();
  const auto least_most = std::minmax_element(first, first + rows_);
  require<IndexError>(rows_ == 0 || there < 0 ||
                          (*least_most.first >= 0 && *least_most.second < there),
                      "epoch: order: expected rows in [0, ", there - 1, "]");
}

void Epoch::check_arguments(const std::vector<PyTensor*>& arguments, int64_t step) const {
  require(step >= 0 && step < steps(), "epoch: step: expected an int in [0, ", steps() - 1,
          "], got ", step);
  require(arguments.size() == sources_.size(), "epoch: arguments: expected ", sources_.size(),
          ", got ", arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i)
    if (sources_[i]) {
      const Tensor& x = arguments[i]->value;
      Dims shape = sources_[i]->shape;
      shape[0] = rows_of(step);
      require(x.dtype == sources_[i]->dtype && x.shape == shape && x.is_contiguous(),
              "epoch: argument ", i, ": expected ", name_of(sources_[i]->dtype), ' ', shape,
              ", got ", name_of(x.dtype), ' ', x.shape);
    }
}

void Epoch::gather(const std::vector<PyTensor*>& arguments, int64_t step) const {
  const int64_t n = rows_of(step);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!sources_[i])
      continue;
    const Tensor& source = *sources_[i];
    const int64_t bytes = bytes_of_row(source);
    const Rows rows{
        static_cast<const std::byte*>(source.data()), arguments[i]->value.as<std::byte>(),
        source.strides[0] * item_size(source.dtype),  bytes,
        order_ ? order_->as<int64_t>() : nullptr,     step * batch_};
    if (bytes * n < kWorthThreads)
      copy_rows(&rows, 0, n);
    else
      parallel_for(n, std::max<int64_t>(1, kWorthThreads / 4 / bytes), copy_rows, &rows);
  }
}

} // namespace fastdl
