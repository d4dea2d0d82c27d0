/// \file
/// Where two Blobs begin to differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool {

/// Compares Blobs of the same size, two at a time. Has buffers of its own: for one thread.
class ContentComparer {
 public:
  /// Reports progress in bytes to `context`, which must outlive this.
  explicit ContentComparer(Context& context) : context_(context) {}

  /// The offset of the first byte that differs; nothing if there is none. What is a hole in both, or lies at the same
  /// place of one host file, is not read.
  std::optional<std::uint64_t> first_difference(const Blob& a, const Blob& b);

 private:
  std::optional<std::uint64_t> compare_data(const Blob& a, const Blob& b, std::uint64_t offset, std::uint64_t length);

  Context& context_;
  std::unique_ptr<std::byte[]> buffers_;
};

}  // namespace fstool
