#include "core/recorder.h"

#include <pybind11/pybind11.h>

namespace py = pybind11;

namespace fastdl {

constinit thread_local Recorder* recorder = nullptr;

void refuse_while_recording(const char* what, const char* instead) {
  if (recorder) [[unlikely]]
    py::module_::import("fastdl.capture").attr("refuse")(what, instead);
}

} // namespace fastdl
