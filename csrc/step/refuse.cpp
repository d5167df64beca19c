#include <pybind11/pybind11.h>

#include "core/recorder.h"

namespace py = pybind11;

namespace fastdl {

void refuse_while_recording(const char* what, const char* instead) {
  if (recorder) [[unlikely]]
    py::module_::import("fastdl.capture").attr("refuse")(what, instead);
}

} // namespace fastdl
