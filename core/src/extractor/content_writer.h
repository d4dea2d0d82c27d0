/// \file
/// Writes the content of a file that is extracted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool {

/// Writes pieces of Blobs into files, each at the offset that it has in the Blob. Holes are left out; large runs that a
/// host file holds are copied in the kernel. Has a buffer of its own: for one thread.
class ContentWriter {
 public:
  /// Reports progress in bytes to `context`, which must outlive this.
  explicit ContentWriter(Context& context) : context_(context) {}

  /// Writes the bytes of `content` in [begin, end) into `fd`, a file that has none there; `path` is its name in
  /// messages. Returns false if the last of them are a hole, so that the file ends before `end`. Throws Error.
  bool write(int fd, const std::string& path, const Blob& content, std::uint64_t begin, std::uint64_t end);

 private:
  void write_data(int fd, const std::string& path, const Blob& content, std::uint64_t begin, std::uint64_t end);

  Context& context_;
  std::unique_ptr<std::byte[]> buffer_;
};

/// Gives the file its size, which what was written may not reach. Throws write_error().
void set_content_size(int fd, const std::string& path, std::uint64_t size);

}  // namespace fstool
