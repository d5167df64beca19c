// How many threads this process may keep busy.
#pragma once

namespace fastdl {

constexpr int kMostThreads = 1024;

// FASTDL_NUM_THREADS, or else the processors that the affinity mask and the control group's quota
// leave to this process.  Throws ValueError where the variable is no whole number from 1 to
// kMostThreads.
int wanted_threads();

} // namespace fastdl
