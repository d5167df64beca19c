#include "ops/sort.h"

#include "core/simd.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// ---- keys -----------------------------------------------------------------------------

template <class K> struct Pair {
  K key, index;
};

// Key<T>: the unsigned integer that stands for an element, and back.  Where several elements have
// one key (NaNs, zeros) `exact` is false: the element itself must be looked up.
template <class T> struct Key {
  using Type = uint64_t;
  static constexpr int bits = 64;
  static constexpr Type flip = Type(1) << 63;
  static Type of(T x) { return static_cast<Type>(x) ^ flip; }
  static T element(Type key) { return static_cast<T>(key ^ flip); }
  static bool exact(Type) { return true; }
};
template <> struct Key<int32_t> {
  using Type = uint32_t;
  static constexpr int bits = 32;
  static Type of(int32_t x) { return static_cast<Type>(x) ^ 0x80000000u; }
  static int32_t element(Type key) { return static_cast<int32_t>(key ^ 0x80000000u); }
  static bool exact(Type) { return true; }
};
template <class T> struct ByteKey {
  using Type = uint32_t;
  static constexpr int bits = 8;
  static Type of(T x) { return x; }
  static T element(Type key) { return static_cast<T>(key); }
  static bool exact(Type) { return true; }
};
template <> struct Key<uint8_t> : ByteKey<uint8_t> {};
template <> struct Key<bool> : ByteKey<bool> {};
template <class T> struct FloatKey {
  using Type = uint_of<T>;
  static constexpr int bits = sizeof(T) * 8;
  static constexpr Type zero = Ieee<T>::sign, nan = ~Type(0);
  static Type of(T x) {
    const Type u = bit_cast<Type>(x + T(0)); // -0 becomes 0
    const Type key = u ^ (Type(-(u >> (bits - 1))) | Ieee<T>::sign);
    return x == x ? key : nan;
  }
  static T element(Type key) {
    return bit_cast<T>(key ^ (Type((key >> (bits - 1)) - 1) | Ieee<T>::sign));
  }
  static bool exact(Type key) { return key != zero && key != nan; }
};
template <> struct Key<float> : FloatKey<float> {};
template <> struct Key<double> : FloatKey<double> {};

// A row being sorted: where keys come from and where results go.
template <class T> struct Row {
  using K = typename Key<T>::Type;
  const T* x;
  T* values;
  int64_t* indices;
  K turn; // all ones for descending order

  K key(int64_t i) const { return Key<T>::of(x[i]) ^ turn; }
  Pair<K> read(int64_t i) const { return {key(i), static_cast<K>(i)}; }
  void write(int64_t i, Pair<K> p) const {
    const K key = p.key ^ turn;
    values[i] = Key<T>::exact(key) ? Key<T>::element(key) : x[p.index];
    indices[i] = static_cast<int64_t>(p.index);
  }
};

// ---- by rank --------------------------------------------------------------------------

template <class K> constexpr int64_t kRanked = 8 * lanes<K>; // pairs; so few are sorted so

// A key's place is the number of smaller ones, and of those like it before it.  That takes n^2
// comparisons, but as vectors and with no branch that depends on them.
template <class K, class From, class To> void sort_by_rank(int64_t n, From from, To to) {
  constexpr int64_t L = lanes<K>;
  alignas(64) K keys[kRanked<K>];
  uint32_t taken[kRanked<K>];
  for (int64_t i = 0; i < n; ++i) {
    keys[i] = from(i).key;
    taken[i] = 0;
  }
  for (int64_t i = n; i % L; ++i)
    keys[i] = ~K(0); // smaller than none
  for (int64_t i = 0; i < n; ++i) {
    Vec<K> smaller{};
    for (int64_t j = 0; j < n; j += L)
      smaller -= static_cast<Vec<K>>(load(keys + j) < splat(keys[i]));
    K rank = 0;
    for (int64_t l = 0; l < L; ++l)
      rank += smaller[l];
    to(static_cast<uint32_t>(rank) + taken[rank]++, from(i));
  }
}

// ---- radix sort -----------------------------------------------------------------------

template <class K> uint32_t digit(K key, int shift, uint32_t mask) {
  return static_cast<uint32_t>(key >> shift) & mask;
}

// Moves n pairs to where their digits say: to(place, pair).  `starts` are each digit's places.
template <class From, class To>
void move_by_digit(int64_t n, int shift, uint32_t mask, uint32_t* starts, From from, To to) {
  for (int64_t i = 0; i < n; ++i) {
    const auto p = from(i);
    to(starts[digit(p.key, shift, mask)]++, p);
  }
}

// Sorts from(0 ... n) by the lowest `bits` bits of their keys to to(place, pair), in digits of
// `width` bits, by way of a and b (room for n each; a may be what `from` reads where b is not).
template <class K, int width, class From, class To>
void sort_by_digits(int64_t n, int bits, Pair<K>* b, Pair<K>* a, From from, To to) {
  constexpr int digits = 1 << width, most = (sizeof(K) * 8 + width - 1) / width;
  constexpr uint32_t mask = digits - 1;
  uint32_t counts[most][digits];
  const int passes = (bits + width - 1) / width;
  __builtin_memset(counts, 0, sizeof(counts[0]) * static_cast<uint64_t>(passes));
  for (int64_t i = 0; i < n; ++i) {
    const K key = from(i).key;
    for (int p = 0; p < passes; ++p)
      ++counts[p][digit(key, p * width, mask)];
  }
  int needed[most], n_needed = 0; // passes in which digits differ
  const K first = from(0).key;
  for (int p = 0; p < passes; ++p) {
    if (counts[p][digit(first, p * width, mask)] == n)
      continue;
    needed[n_needed++] = p;
    uint32_t start = 0;
    for (int d = 0; d < digits; ++d) {
      const uint32_t count = counts[p][d];
      counts[p][d] = start;
      start += count;
    }
  }
  if (n_needed == 0)
    for (int64_t i = 0; i < n; ++i)
      to(i, from(i));
  for (int j = 0; j < n_needed; ++j) {
    const int shift = needed[j] * width;
    uint32_t* starts = counts[needed[j]];
    const auto stored = [a](int64_t i) { return a[i]; };
    const auto store = [b](int64_t i, Pair<K> p) { b[i] = p; };
    const bool last = j == n_needed - 1;
    if (j == 0 && last)
      move_by_digit(n, shift, mask, starts, from, to);
    else if (j == 0)
      move_by_digit(n, shift, mask, starts, from, store);
    else if (last)
      move_by_digit(n, shift, mask, starts, stored, to);
    else
      move_by_digit(n, shift, mask, starts, stored, store);
    Pair<K>* const swapped = a;
    a = b;
    b = swapped;
  }
}

// As sort_by_digits; short ones by rank, long ones in wide digits.
template <class K, class From, class To>
void sort_pairs(int64_t n, int bits, Pair<K>* b, Pair<K>* a, From from, To to) {
  constexpr int64_t kWide = 8192;
  if (n <= kRanked<K>) {
    sort_by_rank<K>(n, from, to);
  } else if (n < kWide || bits <= 8) {
    sort_by_digits<K, 8>(n, bits, b, a, from, to);
  } else {
    sort_by_digits<K, kSortDigitBits>(n, bits, b, a, from, to);
  }
}

// ---- the first k ----------------------------------------------------------------------

// Puts the k smallest of the pairs from(0 ... n) (the first ones, where keys are equal) to `sure`,
// those with equal keys in their order.  Both have room for n; k < n.
template <class T, class K = typename Key<T>::Type, class From>
void select(int64_t n, int64_t k, Pair<K>* sure, Pair<K>* maybe, From from) {
  constexpr int64_t kWide = 8192;
  const int most = n < kWide ? 8 : kSortDigitBits;
  int64_t n_sure = 0, n_maybe = n;
  for (int left = Key<T>::bits; n_sure + n_maybe > k && left > 0;) {
    const bool whole = left == Key<T>::bits;
    const int width = left < most ? left : most;
    left -= width;
    const uint32_t mask = (1u << width) - 1;
    uint32_t counts[kSortDigits];
    __builtin_memset(counts, 0, sizeof(uint32_t) << width);
    for (int64_t i = 0; i < n_maybe; ++i)
      ++counts[digit(whole ? from(i).key : maybe[i].key, left, mask)];
    uint32_t last = 0; // the digit of the k-th key
    for (int64_t below = n_sure + counts[0]; below < k; below += counts[++last]) {
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < n_maybe; ++i) {
      const Pair<K> p = whole ? from(i) : maybe[i];
      const uint32_t d = digit(p.key, left, mask);
      if (d > last)
        continue;
      sure[n_sure] = p;
      n_sure += d < last;
      maybe[kept] = p;
      kept += d == last;
    }
    n_maybe = kept;
  }
  for (int64_t i = 0; n_sure < k; ++i)
    sure[n_sure++] = maybe[i];
}

// The same for a row, where it is long by way of a pool of candidates: what is not below the k-th
// of those so far is none.
template <class T, class K = typename Key<T>::Type>
void select_of_row(const Row<T>& row, int64_t n, int64_t k, Pair<K>* a, Pair<K>* b) {
  constexpr int64_t kStep = 16;
  const int64_t pool = 4 * k > 4096 ? 4 * k : 4096;
  if (n < 4 * pool)
    return select<T>(n, k, a, b, [&](int64_t i) { return row.read(i); });
  Pair<K>* const sure = b;
  Pair<K>* const maybe = b + pool;
  const auto candidate = [a](int64_t i) { return a[i]; };
  int64_t taken = 0;
  K bound = ~K(0);
  for (int64_t i = 0; i < n; i += kStep) {
    const int64_t stop = i + kStep < n ? i + kStep : n;
    uint32_t some = taken < k;
    for (int64_t j = i; j < stop; ++j)
      some |= row.key(j) < bound;
    if (!some)
      continue;
    if (taken + kStep > pool) {
      select<T>(taken, k, sure, maybe, candidate);
      __builtin_memcpy(a, sure, static_cast<uint64_t>(k) * sizeof(Pair<K>));
      taken = k;
      bound = 0;
      for (int64_t j = 0; j < k; ++j)
        bound = a[j].key > bound ? a[j].key : bound;
    }
    for (int64_t j = i; j < stop; ++j) {
      a[taken] = row.read(j);
      taken += a[taken].key < bound || taken < k;
    }
  }
  if (taken > k) {
    select<T>(taken, k, sure, maybe, candidate);
    __builtin_memcpy(a, sure, static_cast<uint64_t>(k) * sizeof(Pair<K>));
  }
}

// ---- the kernels ----------------------------------------------------------------------

template <class T> Row<T> row_of(void* const* operands, const SortParams& p, int64_t row) {
  return {static_cast<const T*>(operands[2]) + row * p.length,
          static_cast<T*>(operands[0]) + row * p.k, static_cast<int64_t*>(operands[1]) + row * p.k,
          static_cast<typename Key<T>::Type>(p.descending ? ~uint64_t(0) : 0)};
}

// The two halves of a row's scratch.
template <class K> struct Scratch {
  Pair<K>*a, *b;
  Scratch(void* const* operands, const SortParams& p, int64_t row)
      : a(static_cast<Pair<K>*>(operands[3]) + 2 * row * p.length), b(a + p.length) {}
};

template <class T>
void sort_rows(void* const* operands, const SortParams& p, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const Row<T> row = row_of<T>(operands, p, r);
    const Scratch<typename Row<T>::K> room(operands, p, r);
    sort_pairs(
        p.length, Key<T>::bits, room.a, room.b, [&](int64_t i) { return row.read(i); },
        [&](int64_t i, auto pair) { row.write(i, pair); });
  }
}

template <class T>
void topk(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SortParams*>(params);
  for (int64_t r = begin; r < end; ++r) {
    const Row<T> row = row_of<T>(operands, p, r);
    const Scratch<typename Row<T>::K> room(operands, p, r);
    if (p.length <= kRanked<typename Row<T>::K> || p.k > p.length / 4) {
      sort_pairs(
          p.length, Key<T>::bits, room.a, room.b, [&](int64_t i) { return row.read(i); },
          [&](int64_t i, auto pair) {
            if (i < p.k)
              row.write(i, pair);
          });
      continue;
    }
    select_of_row(row, p.length, p.k, room.a, room.b);
    sort_pairs(
        p.k, Key<T>::bits, room.b, room.a, [&](int64_t i) { return room.a[i]; },
        [&](int64_t i, auto pair) { row.write(i, pair); });
  }
}

// Of a row that is dealt out: counts[block][digit], then where each block's pairs of a digit go,
// and counts[blocks][digit], where the digit's part begins; behind it, where the digits' highest
// bit is.
template <class T> struct Dealt {
  using K = typename Key<T>::Type;
  Row<T> row;
  Scratch<K> room;
  uint32_t* counts;
  int64_t n, blocks;

  Dealt(void* const* operands, const SortParams& p, int64_t r)
      : row(row_of<T>(operands, p, r)), room(operands, p, r),
        counts(static_cast<uint32_t*>(operands[4]) + r * sort_counts(p.blocks)), n(p.length),
        blocks(p.blocks) {}
  uint32_t* ranges() const { return counts + (blocks + 1) * kSortDigits; }
  int64_t stop(int64_t block) const {
    const int64_t end = (block + 1) * kSortBlock;
    return end < n ? end : n;
  }
  // The digits' shift: keys are equal above them.
  int shift() const {
    uint32_t bits = 0;
    for (int64_t b = 0; b < blocks; ++b)
      bits = ranges()[b] > bits ? ranges()[b] : bits;
    return bits > kSortDigitBits ? static_cast<int>(bits) - kSortDigitBits : 0;
  }

  void range(int64_t block) const {
    const K first = row.key(0);
    K differ = 0;
    for (int64_t i = block * kSortBlock; i < stop(block); ++i)
      differ |= row.key(i) ^ first;
    uint32_t bits = 0;
    for (; differ; differ >>= 1)
      ++bits;
    ranges()[block] = bits;
  }
  void count(int64_t block) const {
    uint32_t own[kSortDigits] = {};
    const int s = shift();
    for (int64_t i = block * kSortBlock; i < stop(block); ++i)
      ++own[digit(row.key(i), s, kSortDigits - 1)];
    __builtin_memcpy(counts + block * kSortDigits, own, sizeof(own));
  }
  void place() const {
    uint32_t* before = counts + blocks * kSortDigits;
    __builtin_memset(before, 0, kSortDigits * sizeof(uint32_t));
    for (int64_t b = 0; b < blocks; ++b)
      for (int d = 0; d < kSortDigits; ++d) {
        const uint32_t own = counts[b * kSortDigits + d];
        counts[b * kSortDigits + d] = before[d];
        before[d] += own;
      }
    uint32_t start = 0;
    for (int d = 0; d < kSortDigits; ++d) {
      const uint32_t own = before[d];
      before[d] = start;
      start += own;
    }
    for (int64_t b = 0; b < blocks; ++b)
      for (int d = 0; d < kSortDigits; ++d)
        counts[b * kSortDigits + d] += before[d];
  }
  void deal(int64_t block) const {
    uint32_t starts[kSortDigits];
    __builtin_memcpy(starts, counts + block * kSortDigits, sizeof(starts));
    const int64_t first = block * kSortBlock;
    move_by_digit(
        stop(block) - first, shift(), kSortDigits - 1, starts,
        [&](int64_t i) { return row.read(first + i); },
        [&](int64_t i, Pair<K> pair) { room.a[i] = pair; });
  }
  void sort_part(int64_t d) const {
    const uint32_t* starts = counts + blocks * kSortDigits;
    const int64_t first = starts[d], after = d + 1 < kSortDigits ? starts[d + 1] : n;
    if (first < after)
      sort_pairs(
          after - first, shift(), room.b + first, room.a + first,
          [&](int64_t i) { return room.a[first + i]; },
          [&](int64_t i, Pair<K> pair) { row.write(first + i, pair); });
  }
};

// Units: rows; where rows are dealt out, rows x blocks, in stage place rows, in parts rows x
// digits.
template <class T>
void sort(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const SortParams*>(params);
  if (p.stage == SortStage::whole)
    return sort_rows<T>(operands, p, begin, end);
  const int64_t of_row = p.stage == SortStage::place   ? 1
                         : p.stage == SortStage::parts ? kSortDigits
                                                       : p.blocks;
  for (int64_t unit = begin; unit < end; ++unit) {
    const Dealt<T> dealt(operands, p, unit / of_row);
    const int64_t i = unit % of_row;
    switch (p.stage) {
    case SortStage::range:
      dealt.range(i);
      break;
    case SortStage::count:
      dealt.count(i);
      break;
    case SortStage::place:
      dealt.place();
      break;
    case SortStage::deal:
      dealt.deal(i);
      break;
    default:
      dealt.sort_part(i);
    }
  }
}

} // namespace

void register_sort(KernelTable& table) {
#define X(name, type)                                                                              \
  table.set(Op::sort, DType::name, sort<type>);                                                    \
  table.set(Op::topk, DType::name, topk<type>);
  FASTDL_DTYPES(X)
#undef X
}

} // namespace FASTDL_ISA
} // namespace fastdl
