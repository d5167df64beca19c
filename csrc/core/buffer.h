// Memory: reference-counted buffers from a caching pool.  A fresh page costs more than most
// kernels, so what is freed is kept and handed out again.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace fastdl {

struct Buffer {
  std::atomic<int64_t> references{1};
  std::byte* data = nullptr;
  size_t bytes = 0;                   // as asked for
  size_t capacity = 0;                // as allocated, without the header and guard bands
  void (*release)(Buffer*) = nullptr; // called when the last reference goes
  void* owner = nullptr;              // whoever owns borrowed memory
  Buffer* next = nullptr;             // the pool's free list
  bool guarded = false;
};

class BufferRef {
public:
  BufferRef() = default;
  explicit BufferRef(Buffer* adopted) : buffer_(adopted) {}
  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    if (buffer_)
      buffer_->references.fetch_add(1, std::memory_order_relaxed);
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() {
    if (buffer_ && buffer_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      buffer_->release(buffer_);
  }
  Buffer* operator->() const { return buffer_; }
  Buffer* get() const { return buffer_; }

private:
  Buffer* buffer_ = nullptr;
};

// Python's MemoryError; says how much was asked for.
class OutOfMemory : public std::bad_alloc {
public:
  explicit OutOfMemory(size_t bytes);
  const char* what() const noexcept override { return text_.c_str(); }

private:
  std::string text_;
};

// 64-byte aligned; large blocks ask for huge pages.  Throws OutOfMemory.
BufferRef allocate(size_t bytes);

// What a recorder needs to lend memory from a pool of its own: a buffer of the pool whatever is
// being recorded; its capacity when so many bytes are asked for; and its `release`.
BufferRef allocate_from_pool(size_t bytes);
size_t pool_capacity(size_t bytes);
void release_to_pool(Buffer* buffer);

// Memory owned by somebody else; `release` is called with `owner` when the last reference goes.
BufferRef borrow(void* data, size_t bytes, void* owner, void (*release)(void* owner));

struct PoolStats {
  int64_t live_bytes, cached_bytes, live_buffers, fresh_allocations;
};
PoolStats pool_stats();
void empty_cache(); // gives every cached block back to the system

// Guard bands: while on, each new buffer is framed by a known pattern.  check_guards() throws
// std::runtime_error if any frame, of a live or an already freed buffer, was written over.
void set_guards(bool on);
void check_guards();

} // namespace fastdl
