/// \file
/// Standard output: text in large pieces, names as it can take them, and contents of files.
#pragma once

#include <string>
#include <string_view>

#include "escape.h"
#include "fstool/blob.h"

namespace fstool {

/// Collects text and writes it in large pieces. Not thread-safe.
class StandardOutput {
 public:
  StandardOutput();

  bool is_terminal() const noexcept { return is_terminal_; }
  /// What the terminal's locale says it shows; without a terminal, UTF-8.
  Charset charset() const noexcept { return charset_; }
  /// Columns of the terminal; 0 if it is none.
  std::size_t columns() const;

  /// A name of a file, a user or the like: escaped for a terminal, and as it is for a file or a pipe.
  std::string shown(std::string_view name) const;

  /// Throws Error(Io), ClosedPipe.
  void write(std::string_view text);
  /// All bytes of `content`, copied by the kernel where that is worth it. Holes become holes in a regular file. Throws
  /// as write() and Blob::read().
  void write(const Blob& content);
  /// Writes what was collected. Call it at the end.
  void flush();

 private:
  void write_range(const Blob& content, std::uint64_t offset, std::uint64_t length);
  bool copy_in_kernel(const Blob& content, std::uint64_t offset, std::uint64_t length);
  void write_zeros(std::uint64_t length);

  bool is_terminal_;
  bool is_seekable_;  // a regular file that is not appended to
  Charset charset_;
  std::string pending_;
  std::string buffer_;
};

}  // namespace fstool
