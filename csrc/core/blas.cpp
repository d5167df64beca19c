#include "core/blas.h"

#include <dlfcn.h>
#include <strings.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fastdl {
namespace {

// OpenBLAS reads its variables once, while it is loaded.  Those of the user are meant for other
// copies of it (some environments pin it to slow kernels), so they are hidden meanwhile.
class HiddenVariables {
public:
  HiddenVariables() {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      const size_t equals = text.find('=');
      const std::string name = text.substr(0, equals);
      if (equals != std::string::npos && (name.starts_with("OPENBLAS_") ||
                                          name == "OMP_NUM_THREADS" || name == "GOTO_NUM_THREADS"))
        hidden_.emplace_back(name, text.substr(equals + 1));
    }
    for (const auto& [name, value] : hidden_)
      unsetenv(name.c_str());
    set("OPENBLAS_NUM_THREADS", "1");
  }
  void set(const char* name, const char* value) {
    setenv(name, value, 1);
    ours_.emplace_back(name);
  }
  ~HiddenVariables() {
    for (const std::string& name : ours_)
      unsetenv(name.c_str());
    for (const auto& [name, value] : hidden_)
      setenv(name.c_str(), value.c_str(), 1);
  }
  HiddenVariables(const HiddenVariables&) = delete;
  HiddenVariables& operator=(const HiddenVariables&) = delete;

private:
  std::vector<std::pair<std::string, std::string>> hidden_;
  std::vector<std::string> ours_;
};

// Our module's folder, made absolute while it is being imported: the program may change its
// directory before the first product.
std::string module_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&module_folder), &info) == 0 || info.dli_fname == nullptr)
    return ".";
  std::error_code ignored;
  return std::filesystem::absolute(info.dli_fname, ignored).parent_path().string();
}
const std::string folder = module_folder();

template <class F> F symbol(void* library, const char* name) {
  void* address = dlsym(library, name);
  if (address == nullptr)
    throw std::runtime_error(std::string("blas: ") + name +
                             " is missing in libfastdl_openblas.so; install fastdl again.");
  return reinterpret_cast<F>(address);
}

Blas open() {
  const std::string path = folder + "/lib/libfastdl_openblas.so";
  const char* wanted = std::getenv("FASTDL_BLAS_CORE");
  if (wanted != nullptr && *wanted == '\0')
    wanted = nullptr;

  void* library;
  {
    HiddenVariables variables;
    if (wanted != nullptr)
      variables.set("OPENBLAS_CORETYPE", wanted);
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  if (library == nullptr) {
    const char* reason = dlerror();
    throw std::runtime_error("blas: the matrix library could not be opened (" +
                             std::string(reason ? reason : path.c_str()) +
                             "); install fastdl again.");
  }

  using Text = const char* (*)();
  const Blas blas{symbol<Blas::Gemm<float>>(library, "scipy_cblas_sgemm"),
                  symbol<Blas::Gemm<double>>(library, "scipy_cblas_dgemm"),
                  symbol<Text>(library, "scipy_openblas_get_corename")(),
                  symbol<Text>(library, "scipy_openblas_get_config")()};
  if (wanted != nullptr && strcasecmp(wanted, blas.core) != 0)
    throw std::runtime_error("blas: FASTDL_BLAS_CORE: expected the name of an OpenBLAS core, got " +
                             std::string(wanted) + " (OpenBLAS chose " + blas.core + ").");
  return blas;
}

} // namespace

const Blas& blas() {
  static const Blas opened = open();
  return opened;
}

} // namespace fastdl
