// Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011): four 32-bit words from a 128-bit counter and a 64-bit key, with no state to carry along.
//
//   key     = (seed low, seed high)
//   counter = (block low, block high, draw low, draw high)
//
// A random call takes one draw index; its element i, in logical row-major order, is made from
//
//   words, Bernoulli, uniform float   word i % 4 of block i / 4
//   uniform double                    words 2 (i % 2) (low) and 2 (i % 2) + 1 (high) of block i / 2
//   normal                            the uniforms' bits of elements i - i % 2 and its next
//
// so that neither threads, nor vectors, nor devices change them (normals: up to a few ULP).
#pragma once

#include "core/math.h"

namespace fastdl {
namespace FASTDL_ISA {

struct Philox {
  static constexpr uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
  static constexpr uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;
  static constexpr int rounds = 10;
  uint64_t seed, draw;
};

struct PhiloxBlock {
  uint32_t word[4];
};

FASTDL_INLINE PhiloxBlock philox_block(Philox rng, uint64_t block) {
  uint32_t c0 = uint32_t(block), c1 = uint32_t(block >> 32);
  uint32_t c2 = uint32_t(rng.draw), c3 = uint32_t(rng.draw >> 32);
  uint32_t k0 = uint32_t(rng.seed), k1 = uint32_t(rng.seed >> 32);
  for (int round = 0; round < Philox::rounds; ++round) {
    const uint64_t p0 = uint64_t(Philox::multiplier_0) * c0;
    const uint64_t p1 = uint64_t(Philox::multiplier_1) * c2;
    c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
    c1 = uint32_t(p1);
    c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c3 = uint32_t(p0);
    k0 += Philox::weyl_0;
    k1 += Philox::weyl_1;
  }
  return {{c0, c1, c2, c3}};
}

// ---- from words to numbers ------------------------------------------------------------

// The threshold of a probability p in [0, 1]: `word < threshold` holds with probability p to within
// 2^-33, never for p = 0 and always for p = 1.
FASTDL_INLINE uint64_t bernoulli_threshold(double p) { return uint64_t(p * 0x1p32 + 0.5); }
FASTDL_INLINE bool bernoulli(uint32_t word, uint64_t threshold) { return word < threshold; }

// [0, 1) in steps of 2^-24: the upper 24 bits.
FASTDL_INLINE float uniform(uint32_t word) { return float(int32_t(word >> 8)) * 0x1p-24f; }
// [0, 1) in steps of 2^-53: the upper 53 bits.
FASTDL_INLINE double uniform(uint64_t words) { return double(int64_t(words >> 11)) * 0x1p-53; }

// (0, 1]: 31 bits, rounded to float, so that a normal reaches 6.7; and 53 bits for double (8.6).
FASTDL_INLINE float uniform_positive(uint32_t word) {
  return (float(int32_t(word >> 1)) + 0.5f) * 0x1p-31f;
}
FASTDL_INLINE double uniform_positive(uint64_t words) { return uniform(words) + 0x1p-53; }

#ifndef __CUDACC_RTC__
FASTDL_INLINE Vec<float> uniform(Vec<uint32_t> words) {
  return to_float((Vec<int32_t>)(words >> 8)) * 0x1p-24f;
}
FASTDL_INLINE Vec<double> uniform(Vec<uint64_t> words) {
#if defined(__AVX512F__) || defined(__aarch64__)
  return to_float((Vec<int64_t>)(words >> 11)) * 0x1p-53;
#else // no conversion instruction: the halves of the integer in the mantissas of 2^84 and 2^52
  const Vec<double> high = (Vec<double>)((words >> 43) | bit_cast<uint64_t>(0x1p84));
  const Vec<double> low = (Vec<double>)(((words >> 11) & 0xffffffffu) | bit_cast<uint64_t>(0x1p52));
  return ((high - (0x1p84 + 0x1p52)) + low) * 0x1p-53;
#endif
}
FASTDL_INLINE Vec<float> uniform_positive(Vec<uint32_t> words) {
  return (to_float((Vec<int32_t>)(words >> 1)) + 0.5f) * 0x1p-31f;
}
FASTDL_INLINE Vec<double> uniform_positive(Vec<uint64_t> words) { return uniform(words) + 0x1p-53; }
#endif

// Two independent standard normals from two uniform draws (Box & Muller 1958): sqrt(-2 log u) times
// the cosine (first) and sine (second) of 2 pi v.
template <class V> FASTDL_INLINE void normal_pair(uint_of<V> u, uint_of<V> v, V* first, V* second) {
  V sine, cosine;
  sincos_2pi(uniform(v), &sine, &cosine);
  const V radius = sqrt(log(uniform_positive(u)) * constant<V>(-2));
  *first = radius * cosine;
  *second = radius * sine;
}

// ---- one element (device code, tests) -------------------------------------------------

FASTDL_INLINE uint32_t random_word(Philox rng, uint64_t i) {
  return philox_block(rng, i / 4).word[i % 4];
}
template <class T> FASTDL_INLINE uint_of<T> random_bits(Philox rng, uint64_t i) {
  if constexpr (sizeof(T) == 4) {
    return random_word(rng, i);
  } else {
    const PhiloxBlock block = philox_block(rng, i / 2);
    const int at = i % 2 * 2;
    return uint64_t(block.word[at + 1]) << 32 | block.word[at];
  }
}
template <class T> FASTDL_INLINE T random_uniform(Philox rng, uint64_t i) {
  return uniform(random_bits<T>(rng, i));
}
template <class T> FASTDL_INLINE T random_normal(Philox rng, uint64_t i) {
  T first, second;
  normal_pair<T>(random_bits<T>(rng, i & ~uint64_t(1)), random_bits<T>(rng, i | 1), &first,
                 &second);
  return i % 2 ? second : first;
}

// ---- vectors --------------------------------------------------------------------------
#ifndef __CUDACC_RTC__

// Two vectors of consecutive elements (words; floats; doubles), which start at a block.
template <class T> struct VecPair {
  Vec<T> low, high;
};

// What all blocks of a draw share.  The keys of the rounds are kept in memory: it takes a
// multiplication's operand from there at no cost, while moving them from general registers cost as
// much as a third of the rounds.
struct PhiloxDraw {
  Vec<uint64_t> key_0[Philox::rounds], key_1[Philox::rounds];
  uint64_t draw;

  explicit PhiloxDraw(Philox rng) : draw(rng.draw) {
    uint32_t k0 = uint32_t(rng.seed), k1 = uint32_t(rng.seed >> 32);
    for (int round = 0; round < Philox::rounds; ++round) {
      key_0[round] = splat(uint64_t(k0));
      key_1[round] = splat(uint64_t(k1));
      k0 += Philox::weyl_0;
      k1 += Philox::weyl_1;
    }
  }
};

// words[k]: those of lanes<uint64_t> blocks, the first being first_block + k lanes<uint64_t>.  Each
// 64-bit lane computes one block; a product's upper half may stay where only lower halves are read.
// A round waits for the one before: with N = 2 the processor has something to do meanwhile.
template <int N>
FASTDL_INLINE void philox_words(const PhiloxDraw& rng, uint64_t first_block,
                                VecPair<uint32_t>* words) {
  using V = Vec<uint64_t>;
  const V m0 = splat(uint64_t(Philox::multiplier_0)), m1 = splat(uint64_t(Philox::multiplier_1));
  V c0[N], c1[N], c2[N], c3[N];
  for (int k = 0; k < N; ++k) {
    c0[k] = iota<uint64_t>() + (first_block + k * lanes<uint64_t>), c1[k] = c0[k] >> 32;
    c2[k] = splat(rng.draw), c3[k] = splat(rng.draw >> 32);
  }
  for (int round = 0; round < Philox::rounds; ++round) {
    for (int k = 0; k < N; ++k) {
      const V p0 = multiply_even(c0[k], m0), p1 = multiply_even(c2[k], m1);
      c0[k] = (p1 >> 32) ^ c1[k] ^ rng.key_0[round];
      c1[k] = p1;
      c2[k] = (p0 >> 32) ^ c3[k] ^ rng.key_1[round];
      c3[k] = p0;
    }
  }
  const V lower = splat(uint64_t(0xffffffff));
  for (int k = 0; k < N; ++k) {
    const V words_01 = (c0[k] & lower) | (c1[k] << 32), words_23 = (c2[k] & lower) | (c3[k] << 32);
    words[k] = {(Vec<uint32_t>)interleave_low<uint64_t>(words_01, words_23),
                (Vec<uint32_t>)interleave_high<uint64_t>(words_01, words_23)};
  }
}
FASTDL_INLINE VecPair<uint32_t> philox_words(const PhiloxDraw& rng, uint64_t first_block) {
  VecPair<uint32_t> words;
  philox_words<1>(rng, first_block, &words);
  return words;
}

template <class T> FASTDL_INLINE VecPair<T> uniforms(const PhiloxDraw& rng, uint64_t first_block) {
  using U = uint_of<Vec<T>>;
  const VecPair<uint32_t> words = philox_words(rng, first_block);
  return {uniform((U)words.low), uniform((U)words.high)};
}

template <class T> FASTDL_INLINE VecPair<T> normals(const PhiloxDraw& rng, uint64_t first_block) {
  using U = uint_of<Vec<T>>;
  const VecPair<uint32_t> words = philox_words(rng, first_block);
  const U low = (U)words.low, high = (U)words.high;
  Vec<T> first, second;
  normal_pair(even_lanes<uint_of<T>>(low, high), odd_lanes<uint_of<T>>(low, high), &first, &second);
  return {interleave_low<T>(first, second), interleave_high<T>(first, second)};
}

// out[0 ... end - begin) = elements begin ... end of a draw, where generate(first_block) gives a
// VecPair<T>: fill_random(out, begin, end, [=](uint64_t b) { return normals<float>(rng, b); }).
template <class T, class Generate>
FASTDL_INLINE void fill_random(T* out, int64_t begin, int64_t end, Generate generate) {
  constexpr int64_t per_block = 16 / sizeof(T), step = 2 * lanes<T>;
  int64_t i = begin;
  while (i < end) {
    const int64_t skip = i % per_block;
    const VecPair<T> values = generate(uint64_t(i / per_block));
    if (skip == 0 && end - i >= step) {
      store(out, values.low);
      store(out + lanes<T>, values.high);
      out += step;
      i += step;
    } else {
      T buffer[step];
      store(buffer, values.low);
      store(buffer + lanes<T>, values.high);
      for (int64_t j = skip; j < step && i < end; ++j, ++i)
        *out++ = buffer[j];
    }
  }
}

#endif // __CUDACC_RTC__

} // namespace FASTDL_ISA
} // namespace fastdl
