#include "temp_dir.h"

#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

#include "check.h"

namespace fstool::e2e {

namespace {

std::filesystem::path parent_directory() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no test changes its environment.
  const char* const chosen = std::getenv("TMPDIR");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (parent_directory() / "fstool-e2e-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) check(-1, "mkdtemp " + pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error) std::cerr << "can't remove " << path_ << ": " << error.message() << '\n';
}

}  // namespace fstool::e2e
