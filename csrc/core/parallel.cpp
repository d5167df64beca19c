#include "core/parallel.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/processors.h"

namespace fastdl {
namespace {

// Parts to a thread: enough to even out threads that start late or are held up.
constexpr int64_t kPartsPerThread = 8;
// How often a thread looks whether what it waits for is there before it goes to sleep: about twenty
// microseconds, as long as waking up takes (docs/notes/threads.md).
constexpr int kLooks = 1000;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb"); // some tens of cycles; a yield is over at once
#endif
}

struct Job {
  Job(UnitRange work, const void* context, int64_t units, int64_t part)
      : work(work), context(context), units(units), part(part) {}

  UnitRange work;
  const void* context;
  int64_t units, part;
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  int64_t error_at = 0;

  void take_parts() {
    for (;;) {
      const int64_t begin = next.fetch_add(part, std::memory_order_relaxed);
      if (begin >= units)
        return;
      try {
        work(context, begin, std::min(begin + part, units));
      } catch (...) {
        next.store(units, std::memory_order_relaxed);
        const std::lock_guard lock(mutex);
        if (!error || begin < error_at) {
          error = std::current_exception();
          error_at = begin;
        }
      }
    }
  }
};

class ThreadPool {
public:
  // False where another thread's job is being done.
  bool run(Job& job, int helpers) {
    const std::unique_lock turn(turn_, std::try_to_lock);
    if (!turn.owns_lock())
      return false;
    const int processor = sched_getcpu();
    if (static_cast<int>(threads_.size()) < helpers) {
      start(helpers);
      processor_ = -1;
    }
    if (processor != processor_)
      keep_off(processor);
    {
      const std::lock_guard lock(mutex_);
      job_ = &job;
      seats_ = helpers;
      ++number_;
    }
    if (helpers == 1)
      posted_.notify_one();
    else
      posted_.notify_all();
    job.take_parts();
    {
      const std::lock_guard lock(mutex_);
      job_ = nullptr; // whoever wakes up late finds nothing
    }
    for (int i = 0; i < kLooks && working_.load(std::memory_order_acquire); ++i)
      relax();
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return working_.load(std::memory_order_relaxed) == 0; });
    return true;
  }

private:
  void start(int helpers) {
    try {
      while (static_cast<int>(threads_.size()) < helpers) {
        std::thread thread([this] { serve(); });
        threads_.push_back(thread.native_handle());
        thread.detach();
      }
    } catch (const std::system_error&) { // the system gives no more: those there are do the work
    }
  }

  // The kernel likes to wake a thread on the processor of whoever wakes it, where it then waits for
  // the caller to finish all the work: so ours may run everywhere else.
  void keep_off(int processor) {
    processor_ = processor;
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (processor < 0 || processor >= CPU_SETSIZE || sched_getaffinity(0, sizeof mask, &mask) != 0)
      return;
    CPU_CLR(processor, &mask);
    if (CPU_COUNT(&mask) == 0)
      return;
    for (const pthread_t thread : threads_)
      pthread_setaffinity_np(thread, sizeof mask, &mask);
  }

  [[noreturn]] void serve() {
    uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
      posted_.wait(lock, [&] { return job_ && number_ != seen && seats_ > 0; });
      seen = number_;
      --seats_;
      Job& job = *job_;
      working_.fetch_add(1, std::memory_order_relaxed);
      lock.unlock();
      job.take_parts();
      lock.lock();
      if (working_.fetch_sub(1, std::memory_order_release) == 1)
        finished_.notify_one();
      lock.unlock();
      for (int i = 0; i < kLooks && number_.load(std::memory_order_acquire) == seen; ++i)
        relax();
      lock.lock();
    }
  }

  std::mutex turn_; // whose job it is
  std::vector<pthread_t> threads_;
  int processor_ = -1; // of the latest caller
  std::mutex mutex_;   // guards what follows
  std::condition_variable posted_, finished_;
  Job* job_ = nullptr;
  int seats_ = 0; // how many more threads the job wants
  std::atomic<uint64_t> number_{0};
  std::atomic<int> working_{0};
};

// Never destroyed: threads sleep in it until the process ends.
std::atomic<ThreadPool*> current{nullptr};

std::atomic<int> forks{0};

// The threads of a parent do not exist in its child, and its locks may be held by them.
void forget_pool() {
  current.store(nullptr);
  ++forks;
}

ThreadPool& thread_pool() {
  fork_count(); // from now on
  ThreadPool* found = current.load(std::memory_order_acquire);
  if (!found) {
    auto* fresh = new ThreadPool;
    if (current.compare_exchange_strong(found, fresh))
      return *fresh;
    delete fresh;
  }
  return *found;
}

std::atomic<int> threads{0}; // 0: not asked for yet

} // namespace

int fork_count() {
  static const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
  static_cast<void>(registered);
  return forks.load(std::memory_order_relaxed);
}

int num_threads() {
  int n = threads.load(std::memory_order_relaxed);
  if (n == 0)
    threads.store(n = wanted_threads(), std::memory_order_relaxed);
  return n;
}

void set_num_threads(int n) { threads.store(n, std::memory_order_relaxed); }

void parallel_for(int64_t units, int64_t grain, UnitRange work, const void* context) {
  const int64_t parts = grain > 0 ? std::min(units, (units + grain - 1) / grain) : units;
  const auto helpers = static_cast<int>(std::min<int64_t>(num_threads(), parts) - 1);
  if (helpers > 0) {
    const int64_t most = (helpers + 1) * kPartsPerThread;
    Job job(work, context, units, std::max<int64_t>(grain, (units + most - 1) / most));
    if (thread_pool().run(job, helpers)) {
      if (job.error)
        std::rethrow_exception(job.error);
      return;
    }
  }
  work(context, 0, units);
}

} // namespace fastdl
