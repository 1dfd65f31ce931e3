#pragma once
/// LOCKSTEP_SIMD before a function: compiled for AVX-512, AVX2 and the baseline, chosen when the
/// program starts. All clones give the same bits: element-wise IEEE operations, no reassociation,
/// and -ffp-contract=off everywhere.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(LOCKSTEP_SANITIZED)
#define LOCKSTEP_SIMD __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LOCKSTEP_SIMD
#endif

/// Of a function or lambda called in a LOCKSTEP_SIMD function: compiled into each clone, not once
/// for the baseline.
#if defined(__GNUC__)
#define LOCKSTEP_INLINE __attribute__((always_inline))
#else
#define LOCKSTEP_INLINE
#endif

/// Before a loop whose iterations touch the same memory only at the same index (in place).
#if defined(__GNUC__) && !defined(__clang__)
#define LOCKSTEP_INDEPENDENT _Pragma("GCC ivdep")
#else
#define LOCKSTEP_INDEPENDENT
#endif
