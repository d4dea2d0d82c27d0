#include "environment.h"

#include <cstdlib>
#include <system_error>

#include "fstool/error.h"

namespace fstool {

std::optional<std::string> environment_variable(const std::string& name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes the environment.
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::filesystem::path this_executable() {
  std::error_code error;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw system_error("/proc/self/exe", error.value());
  return path;
}

}  // namespace fstool
