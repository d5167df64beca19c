#include "core/processors.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "core/check.h"

namespace fastdl {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// Processors' worth of time that a control group grants, from its cpu.max: "200000 100000", quota
// and period in microseconds, or "max 100000".
double quota_of(const std::filesystem::path& group) {
  std::ifstream file(group / "cpu.max");
  double quota = 0, period = 0;
  return file >> quota >> period && quota > 0 && period > 0 ? quota / period : kUnlimited;
}

// The least that this process's control group (version 2) and those around it grant.
double control_group_quota() {
  std::ifstream groups("/proc/self/cgroup"); // "0::/user.slice/..."
  std::string line;
  while (std::getline(groups, line) && !line.starts_with("0::/"))
    ;
  const std::filesystem::path root = "/sys/fs/cgroup";
  double least = quota_of(root);
  std::filesystem::path path = line.starts_with("0::/") ? root / line.substr(4) : root;
  for (; path != root && path.has_relative_path(); path = path.parent_path())
    least = std::min(least, quota_of(path));
  return least;
}

int processors_in_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  return sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
}

} // namespace

int wanted_threads() {
  const char* text = std::getenv("FASTDL_NUM_THREADS");
  if (text && *text) {
    int threads = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, threads);
    require(error == std::errc() && stop == end && 1 <= threads && threads <= kMostThreads,
            "FASTDL_NUM_THREADS: expected a whole number from 1 to ", kMostThreads, ", got ", text);
    return threads;
  }
  const double quota = std::max(1.0, std::ceil(control_group_quota()));
  return static_cast<int>(
      std::min<double>({processors_in_mask() * 1.0, quota, kMostThreads * 1.0}));
}

} // namespace fastdl
