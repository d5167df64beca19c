#include "ops/scan.h"

#include "core/loops.h"
#include "core/math.h"
#include "core/reduce.h"

namespace fastdl {
namespace FASTDL_ISA {
namespace {

// A scan S knows its operands and has a State, {} being that of nothing, and
//   push(state, at, index)   takes the element at offset `at`, the index-th of its row
//   store(at, state)         writes the result there

template <class T> struct FloatSums {
  using State = Sum<T>;
  T* out;
  const T* x;
  explicit FloatSums(void* const* o) : out(static_cast<T*>(o[0])), x(static_cast<const T*>(o[1])) {}
  void push(State& s, int64_t at, int64_t) const { accumulate(s, x[at]); }
  void store(int64_t at, const State& s) const { out[at] = static_cast<T>(total(s)); }
};

template <class T> struct IntegerSums {
  struct State {
    uint64_t value; // wraps
  };
  int64_t* out;
  const T* x;
  explicit IntegerSums(void* const* o)
      : out(static_cast<int64_t*>(o[0])), x(static_cast<const T*>(o[1])) {}
  void push(State& s, int64_t at, int64_t) const { s.value += static_cast<uint64_t>(x[at]); }
  void store(int64_t at, const State& s) const { out[at] = static_cast<int64_t>(s.value); }
};

template <class T, class Out, class Wide> struct Products {
  struct State {
    Wide value = 1;
  };
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
    int64_t index;
  };
  T* out;
  int64_t* indices;
  const T* x;
  explicit Extrema(void* const* o)
      : out(static_cast<T*>(o[0])), indices(static_cast<int64_t*>(o[1])),
        x(static_cast<const T*>(o[2])) {}
  // A new one is as good or better, or NaN.  Most often none is: a branch waits for nothing.
  void push(State& s, int64_t at, int64_t index) const {
    const T y = x[at];
    if ((largest ? y >= s.value : y <= s.value) || y != y || index == 0) [[unlikely]]
      s = {y, index};
  }
  void store(int64_t at, const State& s) const {
    out[at] = s.value;
    indices[at] = s.index;
  }
};

// log of a sum of exponentials, each relative to a reference.
template <class T> struct LogSums {
  struct State {
    double reference = -infinity<double>();
    Sum<double> sum{};
  };
  T* out;
  const T* x;
  explicit LogSums(void* const* o) : out(static_cast<T*>(o[0])), x(static_cast<const T*>(o[1])) {}
  // The reference moves only where terms would become large: moving it rounds the sum.
  void push(State& s, int64_t at, int64_t) const {
    constexpr double kMoves = 16;
    const auto y = static_cast<double>(x[at]);
    double term = 1;
    if (y > s.reference + kMoves) {
      const double factor = exp(s.reference - y);
      s = {y, {s.sum.value * factor, s.sum.error * factor}};
    } else if (y != s.reference) {
      term = exp(y - s.reference);
    } else if (y == -infinity<double>()) {
      term = 0;
    }
    accumulate(s.sum, term);
  }
  void store(int64_t at, const State& s) const {
    out[at] = static_cast<T>(s.reference + log(total(s.sum)));
  }
};

template <class T> struct Recurrence {
  struct State {
    double value = 0;
  };
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

// Units: outer x blocks of columns.
template <class S>
void scan(void* const* operands, const void* params, int64_t begin, int64_t end) {
  const auto& p = *static_cast<const ScanParams*>(params);
  const S s(operands);
  const int64_t blocks = (p.inner + kScanColumns - 1) / kScanColumns;
  const int64_t step = p.reverse ? -p.inner : p.inner;
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t column = unit % blocks * kScanColumns, left = p.inner - column;
    const int64_t columns = left < kScanColumns ? left : kScanColumns;
    const int64_t row = unit / blocks * p.length + (p.reverse ? p.length - 1 : 0);
    const int64_t at = row * p.inner + column;
    if (p.inner == 1) {
      typename S::State state{};
      for (int64_t i = 0; i < p.length; ++i) {
        s.push(state, at + i * step, i);
        s.store(at + i * step, state);
      }
      continue;
    }
    typename S::State states[kScanColumns] = {};
    for (int64_t i = 0; i < p.length; ++i) {
      FASTDL_SAME_PLACE
      for (int64_t c = 0; c < columns; ++c) {
        s.push(states[c], at + i * step + c, i);
        s.store(at + i * step + c, states[c]);
      }
    }
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
