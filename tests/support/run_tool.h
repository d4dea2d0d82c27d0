/// \file
/// Other people's tools, for tests that ask for their verdict.
#pragma once

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "fstool/blob.h"

namespace fstool::test {

/// A directory of its own for a test; gone when the test is done.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fstool-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;  // a destructor has nobody to tell
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

struct ToolResult {
  int exit_code = 0;
  std::string output;  ///< standard output and standard error
};

/// Runs `command` in a shell, with messages in English.
inline ToolResult run_tool(const std::string& command) {
  FILE* const pipe = popen(("export LC_ALL=C; exec 2>&1; " + command).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen " + command);
  ToolResult result;
  std::array<char, 4096> buffer{};
  for (std::size_t count = 0; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

/// Writes the bytes of `blob` to a file; its holes stay holes.
inline void write_blob(const Blob& blob, const std::filesystem::path& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  std::vector<std::byte> buffer(std::size_t{1} << 20U);
  for (const DataExtent& extent : data_extents(blob, 0, blob.size(), 512)) {
    file.seekp(static_cast<std::streamoff>(extent.offset));
    for (std::uint64_t done = 0; done < extent.length;) {
      const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), extent.length - done));
      blob.read(extent.offset + done, part);
      file.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
      done += part.size();
    }
  }
  file.close();
  std::filesystem::resize_file(path, blob.size());
}

}  // namespace fstool::test
