/// \file
/// The contents of files in an opened image, as Blobs.
#pragma once

#include <cstdint>
#include <memory>

#include "fstool/blob.h"
#include "read/volume_state.h"

namespace fstool::fat {

/// The bytes of a file: slices of the image, one for each run of clusters. The chain is read when the content is. What
/// the file's size promises and its chain of clusters doesn't hold is Error(Corrupt) when it is read.
class FileContent final : public Blob {
 public:
  FileContent(std::shared_ptr<const VolumeState> volume, std::uint32_t first_cluster, std::uint32_t size)
      : volume_(std::move(volume)), first_cluster_(first_cluster), size_(size) {}

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override { composed()->read(offset, out); }
  Run run_at(std::uint64_t offset) const override { return composed()->run_at(offset); }
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    return composed()->host_range(offset, length);
  }

 private:
  BlobPtr composed() const;

  std::shared_ptr<const VolumeState> volume_;
  std::uint32_t first_cluster_;
  std::uint32_t size_;
};

}  // namespace fstool::fat
