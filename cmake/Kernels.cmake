# Flags, and the kernels compiled once per instruction set.
#
# Sets kernel_libraries (one object library per instruction set) and kernel_definitions
# (FASTDL_HAVE_AVX2, FASTDL_HAVE_AVX512).

# No -ffast-math, no -fassociative-math: results must not depend on the compiler's mood, and the
# rounding trick of the polynomial exp needs the additions as written.
add_library(fastdl_flags INTERFACE)
target_compile_options(fastdl_flags INTERFACE
  -ffp-contract=off -fno-math-errno -fno-trapping-math -fvisibility=hidden -Wall -Wextra
  $<$<BOOL:${FASTDL_WERROR}>:-Werror>)
target_include_directories(fastdl_flags INTERFACE ${CMAKE_SOURCE_DIR}/csrc)
if(FASTDL_SANITIZE)
  target_compile_options(fastdl_flags INTERFACE -fsanitize=${FASTDL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(fastdl_flags INTERFACE -fsanitize=${FASTDL_SANITIZE})
endif()

set(isas baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND NOT FASTDL_BASELINE_ONLY)
  list(APPEND isas avx2 avx512)
endif()
# -fwrapv: the arithmetic of integer tensors wraps around, as in PyTorch.  -fschedule-insns: GCC
# interleaves the vectors of an unrolled loop, which the processor's window is too short for.
set(flags_baseline "")
set(flags_avx2 -mavx2 -mfma -mf16c)
set(flags_avx512 ${flags_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)

file(GLOB kernel_sources CONFIGURE_DEPENDS csrc/ops/*_cpu.cpp)
set(kernel_libraries "")
set(kernel_definitions "")
foreach(isa IN LISTS isas)
  if(NOT isa STREQUAL "baseline")
    string(TOUPPER ${isa} upper)
    list(APPEND kernel_definitions FASTDL_HAVE_${upper})
  endif()
  if(kernel_sources)
    add_library(fastdl_${isa} OBJECT ${kernel_sources})
    target_link_libraries(fastdl_${isa} PRIVATE fastdl_flags)
    target_compile_options(fastdl_${isa} PRIVATE -fwrapv -fschedule-insns ${flags_${isa}})
    target_compile_definitions(fastdl_${isa} PRIVATE FASTDL_ISA=${isa})
    list(APPEND kernel_libraries fastdl_${isa})
  endif()
endforeach()
