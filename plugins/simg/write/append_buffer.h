/// \file
/// AppendBuffer: a file that is written from front to back in large pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fstool/output_file.h"

namespace fstool::simg {

/// Not thread-safe. Throws as OutputFile::write_at().
class AppendBuffer {
 public:
  /// What is appended first goes to `offset`.
  AppendBuffer(OutputFile& output, std::uint64_t offset) : output_(output), begin_(offset) {}

  /// Where the next bytes go.
  std::uint64_t end() const noexcept { return begin_ + pending_.size(); }
  void append(std::span<const std::byte> bytes);
  /// Puts `bytes` in the place of those at `offset`, which one call appended.
  void replace(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Writes what is left.
  void flush();

 private:
  OutputFile& output_;
  std::uint64_t begin_;             ///< of pending_, in the file
  std::vector<std::byte> pending_;  ///< not yet written
};

}  // namespace fstool::simg
