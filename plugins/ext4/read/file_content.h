/// \file
/// The contents of files in an opened image, as Blobs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "fstool/blob.h"
#include "fstool/error.h"
#include "read/file_map.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// The bytes of a file. Knows its inode's root of the block map; what lies in blocks beyond that is read when the
/// content is, and checked then. Every error names the inode.
class FileContent final : public Blob {
 public:
  /// `size` in bytes, at most kMaxFileBlocks blocks.
  FileContent(std::shared_ptr<const VolumeState> volume, const MapRoot& root, std::uint64_t size);

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  Run run_at(std::uint64_t offset) const override;
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override;

 private:
  std::shared_ptr<const FileMap> map() const;

  std::shared_ptr<const VolumeState> volume_;
  std::uint64_t size_;
  MapRoot root_;
};

/// Content that is there but can't be had: reading it throws.
class UnreadableContent final : public Blob {
 public:
  UnreadableContent(std::uint64_t size, ErrorCode code, std::string message)
      : size_(size), code_(code), message_(std::move(message)) {}

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t, std::span<std::byte> out) const override {
    if (!out.empty()) throw Error(code_, message_);
  }

 private:
  std::uint64_t size_;
  ErrorCode code_;
  std::string message_;
};

}  // namespace fstool::ext4
