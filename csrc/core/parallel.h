// Threads: one pool for everything, started at the first work that is worth it.
//
// Work is a range of units that may be cut anywhere: results never depend on where.  The calling
// thread takes part; a thread with nothing to do looks for the next work for some microseconds,
// then sleeps.  A child made by fork() starts with no threads and makes its own when it needs them.
#pragma once
#include <cstdint>

namespace fastdl {

// Called with parts of [0, units), from several threads at once; may throw.
using UnitRange = void (*)(const void* context, int64_t begin, int64_t end);

// Runs work(context, ...) over all of [0, units), in parts of at least `grain` units.  What a part
// throws is thrown here, of several exceptions that of the first part; parts not yet begun are then
// left out.  While another thread's work occupies the pool, the calling thread does all of its own.
void parallel_for(int64_t units, int64_t grain, UnitRange work, const void* context);

int num_threads();
void set_num_threads(int threads); // at least 1

// How many fork()s lie between this process and the one in which it was first asked: a lock taken
// by another thread before one is never given back in the child.
int fork_count();

} // namespace fastdl
