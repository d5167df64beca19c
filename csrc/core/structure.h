// Counts what a compiled step depends on besides the values of tensors: which parameters there are,
// where their memory lies, what is trained, hooks; and beside that, which mode each is in.
#pragma once
#include <cstdint>

namespace fastdl {

int64_t structure_version();
void structure_changed();

// What stands for which modules train and which evaluate: the same again when each does as before.
uint64_t structure_modes();
// The module of that number, another for each, goes over from one mode to the other.
void mode_changed(uint64_t module);

} // namespace fastdl
