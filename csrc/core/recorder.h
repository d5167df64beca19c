// What a thread tells whoever writes its work down (csrc/step/capture.h): the calls of kernels, the
// memory they use, and what Python code does to tensors beside them.
#pragma once
#include "core/buffer.h"

namespace fastdl {

struct Call;
struct PyTensor;

class Recorder {
public:
  virtual void called(const Call& call) = 0;
  virtual BufferRef allocate(size_t bytes) = 0;
  virtual void changed_in_place(PyTensor* tensor) = 0;
  virtual void grad_read(PyTensor* tensor) = 0;
  virtual void grad_written(PyTensor* tensor) = 0;
  virtual void requires_grad_read(PyTensor* tensor) = 0;
  virtual void requires_grad_written(PyTensor* tensor) = 0;

protected:
  ~Recorder() = default;
};

// Of this thread; nullptr where nothing is written down.
extern constinit thread_local Recorder* recorder [[gnu::tls_model("initial-exec")]];

// Raises fastdl.CaptureError where something cannot be repeated without Python: `what` happens,
// `instead` says what to write.  Does nothing while nothing is written down.
void refuse_while_recording(const char* what, const char* instead);

} // namespace fastdl
