#include "core/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <string>

namespace fastdl {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kHuge = size_t{2} << 20;
constexpr int64_t kSpare = int64_t{256} << 20;
constexpr unsigned char kPattern = 0xA5;
constexpr int kClasses = 4 * 64;

// Four size classes to an octave, so that at most a quarter of a block is unused.
int class_of(size_t bytes) {
  if (bytes <= 4 * kAlign)
    return static_cast<int>((bytes + kAlign - 1) / kAlign);
  const int octave = std::bit_width(bytes - 1) - 1;
  return 4 * octave + static_cast<int>((bytes - 1) >> (octave - 2) & 3);
}

size_t class_bytes(int size_class) {
  if (size_class <= 4)
    return size_class * kAlign;
  const int octave = size_class / 4;
  return (size_t{4} + size_class % 4 + 1) << (octave - 2);
}

struct Pool {
  std::mutex mutex;
  Buffer* free_list[kClasses] = {};
  PoolStats stats{};
  int64_t peak = 0; // of stats.live_bytes
#ifdef FASTDL_DEBUG
  bool guards = true;
#else
  bool guards = false;
#endif
  std::set<Buffer*> guarded; // live buffers with guard bands
  int64_t broken = 0;        // guard bands found written over when their buffer was freed
};

Pool& pool() {
  static Pool* const instance = new Pool; // never destroyed: tensors may outlive static objects
  return *instance;
}

// The Buffer stands in front of its data, in the same block.  The data of large blocks begins with
// a page: a load waits for an earlier store whose address ends in the same 12 bits, and a kernel
// that streams results a little above its input, modulo a page (NumPy's large arrays begin 16 bytes
// after one), would wait for memory again and again.
size_t header_bytes(size_t capacity) { return capacity < kHuge ? kAlign : 4096; }
static_assert(sizeof(Buffer) <= kAlign);

size_t block_bytes(size_t capacity) {
  const size_t bytes = header_bytes(capacity) + capacity;
  return bytes < kHuge ? bytes : (bytes + kHuge - 1) / kHuge * kHuge;
}

void* new_block(size_t capacity) {
  const size_t bytes = block_bytes(capacity);
  void* block = std::aligned_alloc(bytes < kHuge ? kAlign : kHuge, bytes);
  if (block && bytes >= kHuge)
    madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

bool intact(const Buffer* buffer) {
  const auto whole = [](const std::byte* from, const std::byte* to) {
    for (; from < to; ++from)
      if (*from != std::byte{kPattern})
        return false;
    return true;
  };
  const std::byte* block = buffer->data - kAlign;
  return whole(block, buffer->data) &&
         whole(buffer->data + buffer->bytes, block + buffer->capacity);
}

void recycle(Buffer* buffer) {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  if (buffer->guarded) {
    if (!intact(buffer))
      ++p.broken;
    p.guarded.erase(buffer);
  }
  const int size_class = class_of(buffer->capacity);
  buffer->next = p.free_list[size_class];
  p.free_list[size_class] = buffer;
  p.stats.live_bytes -= static_cast<int64_t>(buffer->capacity);
  p.stats.cached_bytes += static_cast<int64_t>(buffer->capacity);
  --p.stats.live_buffers;
}

struct Borrowed : Buffer {
  void (*release_owner)(void*) = nullptr;
};

void release_borrowed(Buffer* buffer) {
  auto* borrowed = static_cast<Borrowed*>(buffer);
  borrowed->release_owner(borrowed->owner);
  delete borrowed;
}

} // namespace

OutOfMemory::OutOfMemory(size_t bytes)
    : text_("out of memory: a tensor of " + std::to_string(bytes) + " bytes cannot be had") {}

BufferRef allocate(size_t bytes) {
  Pool& p = pool();
  std::unique_lock lock(p.mutex);
  const bool guarded = p.guards;
  if (bytes > (size_t{1} << 48))
    throw OutOfMemory(bytes);
  const int size_class = class_of((bytes ? bytes : 1) + (guarded ? 2 * kAlign : 0));
  const size_t capacity = class_bytes(size_class);

  void* block = p.free_list[size_class];
  if (block) {
    p.free_list[size_class] = p.free_list[size_class]->next;
    p.stats.cached_bytes -= static_cast<int64_t>(capacity);
  } else {
    // Blocks of sizes that nobody asks for any more must not pile up.
    const auto live = p.stats.live_bytes + static_cast<int64_t>(capacity);
    const bool too_many = live + p.stats.cached_bytes > 2 * std::max(p.peak, live) + kSpare;
    lock.unlock();
    if (too_many)
      empty_cache();
    block = new_block(capacity);
    if (!block) { // the system has no more: give back what is cached and ask once more
      empty_cache();
      block = new_block(capacity);
      if (!block)
        throw OutOfMemory(bytes);
    }
    lock.lock();
    ++p.stats.fresh_allocations;
  }
  p.stats.live_bytes += static_cast<int64_t>(capacity);
  p.peak = std::max(p.peak, p.stats.live_bytes);
  ++p.stats.live_buffers;

  auto* buffer = new (block) Buffer;
  buffer->data = static_cast<std::byte*>(block) + header_bytes(capacity);
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  buffer->release = recycle;
  if (guarded) {
    std::memset(buffer->data, kPattern, capacity);
    buffer->data += kAlign;
    buffer->guarded = true;
    p.guarded.insert(buffer);
  }
  return BufferRef(buffer);
}

BufferRef borrow(void* data, size_t bytes, void* owner, void (*release)(void*)) {
  auto* buffer = new Borrowed;
  buffer->data = static_cast<std::byte*>(data);
  buffer->bytes = buffer->capacity = bytes;
  buffer->owner = owner;
  buffer->release_owner = release;
  buffer->release = release_borrowed;
  return BufferRef(buffer);
}

PoolStats pool_stats() {
  std::lock_guard lock(pool().mutex);
  return pool().stats;
}

void empty_cache() {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  for (Buffer*& head : p.free_list) {
    while (head) {
      Buffer* next = head->next;
      std::free(head);
      head = next;
    }
  }
  p.stats.cached_bytes = 0;
}

void set_guards(bool on) {
  std::lock_guard lock(pool().mutex);
  pool().guards = on;
}

void check_guards() {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  int64_t broken = std::exchange(p.broken, 0);
  for (const Buffer* buffer : p.guarded)
    broken += !intact(buffer);
  if (broken)
    throw std::runtime_error("guard bands: " + std::to_string(broken) +
                             " buffer(s) were written outside their bounds");
}

} // namespace fastdl
