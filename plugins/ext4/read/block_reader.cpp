#include "read/block_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"

namespace fstool::ext4 {

BlockReader::BlockReader(BlobPtr image, std::uint32_t block_size, std::uint64_t blocks)
    : image_(std::move(image)), block_size_(block_size), blocks_(blocks) {}

bool BlockReader::contains(std::uint64_t block, std::uint64_t count) const {
  return block < blocks_ && count <= blocks_ - block;
}

void BlockReader::read(std::uint64_t block, std::span<std::byte> out) const {
  if (!contains(block, (out.size() + block_size_ - 1) / block_size_)) {
    throw Error(ErrorCode::Corrupt, fmt::format("block {} lies outside of the file system", block));
  }
  read_bytes(block * block_size_, out);
}

std::vector<std::byte> BlockReader::read(std::uint64_t block) const {
  std::vector<std::byte> bytes(block_size_);
  read(block, bytes);
  return bytes;
}

void BlockReader::read_bytes(std::uint64_t offset, std::span<std::byte> out) const {
  const std::uint64_t size = image_->size();
  if (offset > size || out.size() > size - offset) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("block {} is missing: the image ends before it", std::max(offset, size) / block_size_));
  }
  image_->read(offset, out);
}

BlockReader::Stored BlockReader::stored_at(std::uint64_t block, std::uint64_t count) const {
  const std::uint64_t offset = block * block_size_;
  const std::uint64_t size = image_->size();
  if (offset >= size || size - offset < block_size_) return {count, true};
  const Run run = image_->run_at(offset);
  // A block that is a hole only in part has data.
  if (run.hole && run.length >= block_size_) return {std::min(count, run.length / block_size_), true};
  const std::uint64_t in_image = (size - offset) / block_size_;
  const std::uint64_t with_data = run.hole ? 1 : (run.length - 1) / block_size_ + 1;
  return {std::min({count, in_image, with_data}), false};
}

BlockReader::Stored BlockReader::readable_at(std::uint64_t block, std::uint64_t count) const {
  constexpr std::uint64_t kFewBytes = 256 * 1024;
  const std::uint64_t size = image_->size();
  const std::uint64_t offset = block * block_size_;
  const std::uint64_t bytes = count * block_size_;
  if (bytes <= kFewBytes && offset <= size && bytes <= size - offset) return {count, false};
  return stored_at(block, count);
}

}  // namespace fstool::ext4
