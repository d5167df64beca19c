#include "ops/scan.h"

#include "core/math.h"
#include "core/reduce.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// A scan S knows its operands and has a State, {} being that of nothing, and
//   push(state, at, index)   takes the element at offset `at`, the index-th of its row
//   store(at, state)         writes the result there
//   merge(state, later)      for those that are cut into chunks
// A row is scanned in `chains` pieces side by side, since every push waits for the one before.

template <class T> struct FloatSums {
  using State = Sum<T>;
  static constexpr int chains = sizeof(T) == 4 ? 8 : 4;
  T* out;
  const T* x;
  explicit FloatSums(void* const* o) : out(static_cast<T*>(o[0])), x(static_cast<const T*>(o[1])) {}
  void push(State& s, int64_t at, int64_t) const { accumulate(s, x[at]); }
  void store(int64_t at, const State& s) const { out[at] = static_cast<T>(total(s)); }
  static void merge(State& s, const State& later) { FASTDL_ISA::merge(s, later); }
};

template <class T> struct IntegerSums {
  struct State {
    uint64_t value; // wraps
  };
  static constexpr int chains = 1;
  int64_t* out;
  const T* x;
  explicit IntegerSums(void* const* o)
      : out(static_cast<int64_t*>(o[0])), x(static_cast<const T*>(o[1])) {}
  void push(State& s, int64_t at, int64_t) const { s.value += static_cast<uint64_t>(x[at]); }
  void store(int64_t at, const State& s) const { out[at] = static_cast<int64_t>(s.value); }
  static void merge(State& s, const State& later) { s.value += later.value; }
};

// In order: a product of a part can overflow where the whole does not.
template <class T, class Out, class Wide> struct Products {
  struct State {
    Wide value = 1;
  };
  static constexpr int chains = 0;
  Out* out;
  const T* x;
  explicit Products(void* const* o)
      : out(static_cast<Out*>(o[0])), x(static_cast<const T*>(o[1])) {}
  void push(State& s, int64_t at, int64_t) const { s.value *= static_cast<Wide>(x[at]); }
  void store(int64_t at, const State& s) const { out[at] = static_cast<Out>(s.value); }
};

template <class T, bool largest> struct Extrema {
  struct State {
    T value;
    int64_t index = -1; // of nothing
  };
  static constexpr int chains = 4;
  T* out;
  int64_t* indices;
  const T* x;
  explicit Extrema(void* const* o)
      : out(static_cast<T*>(o[0])), indices(static_cast<int64_t*>(o[1])),
        x(static_cast<const T*>(o[2])) {}
  // Whether y goes before what was best so far: as good or better, or NaN.
  static bool wins(T y, const State& s) {
    return (largest ? y >= s.value : y <= s.value) || y != y || s.index < 0;
  }
  void push(State& s, int64_t at, int64_t index) const {
    const T y = x[at];
    const bool better = wins(y, s);
    s.value = better ? y : s.value;
    s.index = better ? index : s.index;
  }
  void store(int64_t at, const State& s) const {
    out[at] = s.value;
    indices[at] = s.index;
  }
  static void merge(State& s, const State& later) {
    if (later.index >= 0 && wins(later.value, s))
      s = later;
  }
};

// log of a sum of exponentials, each relative to a reference.
template <class T> struct LogSums {
  struct State {
    double reference = -infinity<double>();
    Sum<double> sum{};
  };
  static constexpr int chains = 1;
  T* out;
  const T* x;
  explicit LogSums(void* const* o) : out(static_cast<T*>(o[0])), x(static_cast<const T*>(o[1])) {}
  void push(State& s, int64_t at, int64_t) const { merge(s, {static_cast<double>(x[at]), {1, 0}}); }
  void store(int64_t at, const State& s) const {
    out[at] = static_cast<T>(s.reference + log(total(s.sum)));
  }
  // The reference moves only where terms would become large: moving it rounds the sum.
  static void merge(State& s, const State& later) {
    constexpr double kMoves = 16;
    if (later.reference > s.reference + kMoves) {
      const Sum<double> before = times(s.sum, exp(s.reference - later.reference));
      s = later;
      FASTDL_ISA::merge(s.sum, before);
    } else if (later.reference != s.reference) {
      FASTDL_ISA::merge(s.sum, times(later.sum, exp(later.reference - s.reference)));
    } else if (s.reference != -infinity<double>()) {
      FASTDL_ISA::merge(s.sum, later.sum);
    }
  }
  static Sum<double> times(Sum<double> s, double factor) {
    return {s.value * factor, s.error * factor};
  }
};

template <class T> struct Recurrence {
  struct State {
    double value = 0;
  };
  static constexpr int chains = 0;
  T* out;
  const T *a, *b;
  explicit Recurrence(void* const* o)
      : out(static_cast<T*>(o[0])), a(static_cast<const T*>(o[1])), b(static_cast<const T*>(o[2])) {
  }
  void push(State& s, int64_t at, int64_t index) const {
    const auto next = static_cast<double>(b[at]);
    s.value = index ? static_cast<double>(a[at]) * s.value + next : next;
  }
  void store(int64_t at, const State& s) const { out[at] = static_cast<T>(s.value); }
};

// ---- rows and columns -----------------------------------------------------------------

// What n elements from offset `at` on make, `step` apart.
template <class S>
typename S::State reduce_row(const S& s, int64_t at, int64_t step, int64_t n, int64_t first) {
  constexpr int chains = S::chains > 1 ? S::chains : 1;
  const int64_t run = n / chains;
  typename S::State states[chains] = {};
  for (int64_t i = 0; i < run; ++i)
    for (int k = 0; k < chains; ++k)
      s.push(states[k], at + (k * run + i) * step, first + k * run + i);
  if constexpr (chains > 1)
    for (int k = 1; k < chains; ++k)
      S::merge(states[0], states[k]);
  for (int64_t i = chains * run; i < n; ++i)
    s.push(states[0], at + i * step, first + i);
  return states[0];
}

template <class S>
void scan_row(const S& s, int64_t at, int64_t step, int64_t n, int64_t first,
              typename S::State state) {
  constexpr int chains = S::chains > 1 ? S::chains : 1;
  int64_t done = 0;
  if constexpr (chains > 1) {
    const int64_t run = n / chains;
    typename S::State states[chains] = {};
    for (int64_t i = 0; i < run; ++i)
      for (int k = 0; k < chains - 1; ++k)
        s.push(states[k + 1], at + (k * run + i) * step, first + k * run + i);
    for (int k = 0; k < chains; ++k) { // what stands before each piece
      S::merge(state, states[k]);
      states[k] = state;
    }
    for (int64_t i = 0; i < run; ++i)
      for (int k = 0; k < chains; ++k) {
        s.push(states[k], at + (k * run + i) * step, first + k * run + i);
        s.store(at + (k * run + i) * step, states[k]);
      }
    state = states[chains - 1];
    done = chains * run;
  }
  for (int64_t i = done; i < n; ++i) {
    s.push(state, at + i * step, first + i);
    s.store(at + i * step, state);
  }
}

template <class S, bool store>
void scan_columns(const S& s, int64_t at, int64_t step, int64_t rows, int64_t columns,
                  int64_t first, typename S::State* states) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      s.push(states[c], at + r * step + c, first + r);
      if constexpr (store)
        s.store(at + r * step + c, states[c]);
    }
}

// ---- the kernel -----------------------------------------------------------------------

// Turns the totals of the chunks of some columns into what stands before each.
template <class S> void offsets(typename S::State* totals, const ScanParams& p, int64_t columns) {
  for (int64_t c = 0; c < columns; ++c) {
    typename S::State state{};
    for (int64_t chunk = 0; chunk < p.chunks; ++chunk) {
      const auto own = totals[chunk * p.inner + c];
      totals[chunk * p.inner + c] = state;
      S::merge(state, own);
    }
  }
}

// Units: outer x blocks of columns in stage offsets, else outer x chunks x blocks of columns.
template <class S>
void scan(void* const* operands, const void* params, int64_t begin, int64_t end) {
  using State = typename S::State;
  static_assert(sizeof(State) <= kScanStateBytes);
  const auto& p = *static_cast<const ScanParams*>(params);
  const S s(operands);
  auto* totals = static_cast<State*>(operands[3]);
  const int64_t blocks = (p.inner + kScanColumns - 1) / kScanColumns;
  const int64_t step = p.reverse ? -p.inner : p.inner;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t column = unit % blocks * kScanColumns, left = p.inner - column;
    const int64_t columns = left < kScanColumns ? left : kScanColumns;
    if (p.stage == ScanStage::offsets) {
      if constexpr (S::chains > 0)
        offsets<S>(totals + unit / blocks * p.chunks * p.inner + column, p, columns);
      continue;
    }
    const int64_t row = unit / blocks, chunk = row % p.chunks, first = chunk * p.chunk;
    const int64_t after = p.length - first, n = after < p.chunk ? after : p.chunk;
    const int64_t place = p.reverse ? p.length - 1 - first : first;
    const int64_t at = (row / p.chunks * p.length + place) * p.inner + column;
    State states[kScanColumns] = {};
    if (p.stage == ScanStage::totals) {
      if (p.inner == 1)
        states[0] = reduce_row(s, at, step, n, first);
      else
        scan_columns<S, false>(s, at, step, n, columns, first, states);
      for (int64_t c = 0; c < columns; ++c)
        totals[row * p.inner + column + c] = states[c];
      continue;
    }
    for (int64_t c = 0; totals && c < columns; ++c)
      states[c] = totals[row * p.inner + column + c];
    if (p.inner == 1)
      scan_row(s, at, step, n, first, states[0]);
    else
      scan_columns<S, true>(s, at, step, n, columns, first, states);
  }
}

template <class T> void register_extrema(KernelTable& table) {
  table.set(Op::cummax, dtype_of<T>, scan<Extrema<T, true>>);
  table.set(Op::cummin, dtype_of<T>, scan<Extrema<T, false>>);
}

template <class T> void register_float(KernelTable& table) {
  table.set(Op::cumsum, dtype_of<T>, scan<FloatSums<T>>);
  table.set(Op::cumprod, dtype_of<T>, scan<Products<T, T, double>>);
  table.set(Op::logcumsumexp, dtype_of<T>, scan<LogSums<T>>);
  table.set(Op::recurrence, dtype_of<T>, scan<Recurrence<T>>);
  register_extrema<T>(table);
}

template <class T> void register_integer(KernelTable& table) {
  table.set(Op::cumsum, dtype_of<T>, scan<IntegerSums<T>>);
  table.set(Op::cumprod, dtype_of<T>, scan<Products<T, int64_t, uint64_t>>);
  register_extrema<T>(table);
}

} // namespace

void register_scan(KernelTable& table) {
  register_float<float>(table);
  register_float<double>(table);
  register_integer<int64_t>(table);
  register_integer<int32_t>(table);
  register_integer<uint8_t>(table);
  register_integer<bool>(table);
}

} // namespace FASTDL_ISA
} // namespace fastdl
