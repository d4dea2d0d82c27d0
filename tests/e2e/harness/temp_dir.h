/// \file
/// A directory of its own for a test.
#pragma once

#include <filesystem>

namespace fstool::e2e {

/// A directory on disk (below $TMPDIR, else /var/tmp, because /tmp is often in memory) that is gone with this object,
/// whatever the test left in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace fstool::e2e
