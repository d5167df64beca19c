#include "step/rate.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/buffer.h"
#include "core/launch.h"

namespace fastdl {
namespace {

constexpr int64_t kPiece = 4096;

// A kernel over pieces: operands to, from.
void copy_pieces(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const int64_t bytes = *static_cast<const int64_t*>(params);
  const int64_t first = begin * kPiece, last = std::min(bytes, end * kPiece);
  std::memcpy(static_cast<std::byte*>(operands[0]) + first,
              static_cast<const std::byte*>(operands[1]) + first,
              static_cast<size_t>(last - first));
}

} // namespace

double copy_rate(int64_t bytes) {
  using Clock = std::chrono::steady_clock;
  const int64_t half = std::max<int64_t>(bytes / 2, 64);
  const BufferRef to = allocate_from_pool(static_cast<size_t>(half)),
                  from = allocate_from_pool(static_cast<size_t>(half));
  std::memset(from->data, 1, static_cast<size_t>(half));
  void* const operands[] = {to->data, from->data};
  const int64_t repeats = std::max<int64_t>(1, (1 << 20) / half); // of one measurement
  double least = 1e9;
  for (int i = 0; i < 7; ++i) {
    const auto begun = Clock::now();
    for (int64_t k = 0; k < repeats; ++k)
      run_kernel(copy_pieces, operands, &half, (half + kPiece - 1) / kPiece, 2 * half);
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    least = std::min(least, seconds / static_cast<double>(repeats));
  }
  return 2 * static_cast<double>(half) / least;
}

} // namespace fastdl
