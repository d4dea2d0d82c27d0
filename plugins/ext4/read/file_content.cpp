#include "read/file_content.h"

#include <fmt/format.h>

#include <algorithm>

namespace fstool::ext4 {

namespace {

/// The first extent that ends behind block `logical` of the file.
FileMap::const_iterator first_ending_after(const FileMap& map, std::uint64_t logical) {
  return std::partition_point(map.begin(), map.end(),
                              [&](const MappedExtent& extent) { return extent.logical_end() <= logical; });
}

}  // namespace

FileContent::FileContent(std::shared_ptr<const VolumeState> volume, const MapRoot& root, std::uint64_t size)
    : volume_(std::move(volume)), size_(size), root_(root) {}

std::shared_ptr<const FileMap> FileContent::map() const {
  if (auto known = volume_->maps.find(root_.inode)) return known;
  return with_context([&] { return fmt::format("inode {}", root_.inode); },
                      [&] {
                        BlockClaims claims;
                        const std::uint64_t blocks = size_ == 0 ? 0 : (size_ - 1) / volume_->layout.block_size + 1;
                        auto map = std::make_shared<FileMap>(read_file_map(*volume_, root_, blocks, claims));
                        map->shrink_to_fit();
                        volume_->maps.insert(root_.inode, map);
                        return std::shared_ptr<const FileMap>(std::move(map));
                      });
}

void FileContent::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset) {
    throw Error(ErrorCode::Internal, fmt::format("inode {} has only {} bytes", root_.inode, size_));
  }
  const auto blocks = map();
  const std::uint64_t block_size = volume_->layout.block_size;
  auto extent = first_ending_after(*blocks, offset / block_size);
  while (!out.empty()) {
    const std::uint64_t begin = extent == blocks->end() ? size_ : extent->logical * block_size;
    if (offset < begin) {
      const auto hole = out.first(std::min<std::uint64_t>(out.size(), begin - offset));
      std::fill(hole.begin(), hole.end(), std::byte{0});
      out = out.subspan(hole.size());
      offset += hole.size();
      continue;
    }
    const std::uint64_t skip = offset - begin;
    const auto data = out.first(std::min<std::uint64_t>(out.size(), extent->length * block_size - skip));
    with_context([&] { return fmt::format("inode {}", root_.inode); },
                 [&] { volume_->blocks.read_bytes(extent->physical * block_size + skip, data); });
    out = out.subspan(data.size());
    offset += data.size();
    ++extent;
  }
}

Run FileContent::run_at(std::uint64_t offset) const {
  const auto blocks = map();
  const std::uint64_t block_size = volume_->layout.block_size;
  const auto extent = first_ending_after(*blocks, offset / block_size);
  if (extent == blocks->end()) return {size_ - offset, true};
  const std::uint64_t begin = std::min(extent->logical * block_size, size_);
  if (offset < begin) return {begin - offset, true};
  return {std::min(extent->logical_end() * block_size, size_) - offset, false};
}

std::optional<HostRange> FileContent::host_range(std::uint64_t offset, std::uint64_t length) const {
  const auto blocks = map();
  const std::uint64_t block_size = volume_->layout.block_size;
  const auto extent = first_ending_after(*blocks, offset / block_size);
  if (extent == blocks->end()) return std::nullopt;
  const std::uint64_t begin = extent->logical * block_size;
  const std::uint64_t end = std::min(extent->logical_end() * block_size, size_);
  if (offset < begin || length > end - offset) return std::nullopt;
  const std::uint64_t in_image = extent->physical * block_size + (offset - begin);
  const Blob& image = *volume_->blocks.image();
  if (in_image > image.size() || length > image.size() - in_image) return std::nullopt;
  return image.host_range(in_image, length);
}

}  // namespace fstool::ext4
