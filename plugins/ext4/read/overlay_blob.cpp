#include "read/overlay_blob.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ondisk/jbd2.h"

namespace fstool::ext4 {

OverlayBlob::OverlayBlob(BlobPtr image, std::uint32_t block_size, std::vector<ReplacedBlock> replaced)
    : image_(std::move(image)), block_size_(block_size), replaced_(std::move(replaced)) {}

std::vector<ReplacedBlock>::const_iterator OverlayBlob::first_from(std::uint64_t block) const {
  return std::partition_point(replaced_.begin(), replaced_.end(),
                              [&](const ReplacedBlock& replaced) { return replaced.block < block; });
}

void OverlayBlob::read_replaced(const ReplacedBlock& replaced, std::uint64_t skip, std::span<std::byte> out) const {
  image_->read(replaced.source * block_size_ + skip, out);
  const big_uint32_t magic(kJournalMagic);
  if (!replaced.escaped || skip >= sizeof(magic)) return;
  const auto bytes = std::as_bytes(std::span(&magic, 1)).subspan(skip);
  std::memcpy(out.data(), bytes.data(), std::min(bytes.size(), out.size()));
}

void OverlayBlob::read(std::uint64_t offset, std::span<std::byte> out) const {
  auto next = first_from(offset / block_size_);
  while (!out.empty()) {
    const bool here = next != replaced_.end() && next->block == offset / block_size_;
    std::uint64_t length = out.size();
    if (here) {
      const std::uint64_t skip = offset % block_size_;
      length = std::min<std::uint64_t>(length, block_size_ - skip);
      read_replaced(*next++, skip, out.first(length));
    } else {
      if (next != replaced_.end()) length = std::min(length, next->block * block_size_ - offset);
      image_->read(offset, out.first(length));
    }
    out = out.subspan(length);
    offset += length;
  }
}

Run OverlayBlob::run_at(std::uint64_t offset) const {
  const auto next = first_from(offset / block_size_);
  if (next == replaced_.end()) return image_->run_at(offset);
  const std::uint64_t begin = next->block * block_size_;
  if (begin <= offset) return {std::min(begin + block_size_, size()) - offset, false};
  const Run run = image_->run_at(offset);
  return {std::min(run.length, begin - offset), run.hole};
}

std::optional<HostRange> OverlayBlob::host_range(std::uint64_t offset, std::uint64_t length) const {
  const auto next = first_from(offset / block_size_);
  if (next != replaced_.end() && next->block * block_size_ < offset + length) return std::nullopt;
  return image_->host_range(offset, length);
}

}  // namespace fstool::ext4
