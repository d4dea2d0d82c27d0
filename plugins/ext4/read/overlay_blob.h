/// \file
/// An image as it would be after its journal was replayed.
#pragma once

#include <cstdint>
#include <vector>

#include "fstool/blob.h"

namespace fstool::ext4 {

/// A block whose newest contents lie elsewhere in the image: in the journal.
struct ReplacedBlock {
  std::uint64_t block = 0;
  std::uint64_t source = 0;
  bool escaped = false;  ///< the first four bytes are the journal's magic number, and are zero in the source
};

/// Takes some blocks from elsewhere. Copies nothing.
class OverlayBlob final : public Blob {
 public:
  /// `replaced` is sorted by block, each block once; sources lie in the image.
  OverlayBlob(BlobPtr image, std::uint32_t block_size, std::vector<ReplacedBlock> replaced);

  std::uint64_t size() const override { return image_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  Run run_at(std::uint64_t offset) const override;
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override;

 private:
  /// The first replaced block at or behind `block`.
  std::vector<ReplacedBlock>::const_iterator first_from(std::uint64_t block) const;
  void read_replaced(const ReplacedBlock& replaced, std::uint64_t skip, std::span<std::byte> out) const;

  BlobPtr image_;
  std::uint32_t block_size_;
  std::vector<ReplacedBlock> replaced_;
};

}  // namespace fstool::ext4
