// Counts what a compiled step depends on besides the values of tensors: which parameters there are,
// where their memory lies, what is trained, the mode, hooks.
#pragma once
#include <cstdint>

namespace fastdl {

int64_t structure_version();
void structure_changed();

} // namespace fastdl
