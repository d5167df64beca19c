// Sorting the rows of a row-major (rows, length) input, stably: equal elements stay in their order,
// also descending.  NaN counts as larger than all numbers, 0 and -0 as equal.
//
//   sort   all elements and where they stood (int64); operands values, indices, input, scratch,
//          counts
//   topk   the first k of that alone; the same operands
//
// Elements become unsigned keys in the wanted order, with their index beside; keys are sorted from
// their lowest digit on (radix), short rows by counting the smaller keys of each.  topk looks for
// the digits of the k-th key from the highest on, and sorts what lies below it.
//
// Of few long rows each is first dealt out by its highest digit, so that several threads have work:
// stages range (how many bits of keys differ), count (of each digit in each block), place (what
// stands before), deal, and then the digits' parts are sorted one by one (stage parts).  The result
// is the same.
#pragma once
#include "core/kernel.h"

namespace fastdl {

enum class SortStage : int32_t { whole, range, count, place, deal, parts };

struct SortParams {
  int64_t rows, length, k; // length of the outputs' rows
  int64_t blocks;          // of a row, where it is dealt out
  SortStage stage;
  bool descending;
};

constexpr int kSortDigitBits = 11, kSortDigits = 1 << kSortDigitBits;
// A row is dealt out in blocks of this many elements.
constexpr int64_t kSortBlock = 65536;

// 32-bit counts of a row that is dealt out: of each digit in each block, and one for each block.
constexpr int64_t sort_counts(int64_t blocks) { return (blocks + 1) * kSortDigits + blocks; }

// Bytes of a key with its index.
constexpr int64_t sort_pair_bytes(DType dtype) { return item_size(dtype) == 8 ? 16 : 8; }

} // namespace fastdl
