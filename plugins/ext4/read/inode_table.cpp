#include "read/inode_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{64} << 10;
/// Trees are read level by level, each of which goes through the tables anew: those of 32,768 inodes stay here.
constexpr std::size_t kChunks = 128;

}  // namespace

bool InodeRecord::has_extra(std::size_t end) const {
  return raw.size() > kOldInodeSize && end <= kOldInodeSize + fields.extra_isize;
}

std::span<const std::byte> InodeRecord::behind_fields() const {
  return raw.size() > kOldInodeSize ? raw.subspan(kOldInodeSize + fields.extra_isize) : std::span<const std::byte>();
}

InodeTable::InodeTable(const VolumeState& volume, GroupTable& groups) : volume_(volume), groups_(groups) {}

const InodeTable::Chunk& InodeTable::chunk_with(std::uint64_t offset, std::uint64_t table_end) {
  for (auto chunk = chunks_.begin(); chunk != chunks_.end(); ++chunk) {
    // The tables of a damaged image may overlap: an inode may begin in a chunk and end behind it.
    if (offset >= chunk->offset && offset - chunk->offset + volume_.layout.inode_size <= chunk->bytes->size()) {
      chunks_.splice(chunks_.begin(), chunks_, chunk);
      return chunks_.front();
    }
  }
  const std::uint32_t block_size = volume_.layout.block_size;
  const std::uint64_t begin = offset / block_size * block_size;
  std::uint64_t length = std::min(table_end - begin, std::max<std::uint64_t>(kChunkBytes, block_size));
  const std::uint64_t image_size = volume_.blocks.image()->size();
  // Where the image is cut off, the inodes before the cut can be read.
  if (begin < image_size) length = std::min(length, std::max<std::uint64_t>(image_size - begin, block_size));
  auto bytes = std::make_shared<std::vector<std::byte>>(length);
  volume_.blocks.read_bytes(begin, *bytes);
  chunks_.push_front({begin, std::move(bytes)});
  if (chunks_.size() > kChunks) chunks_.pop_back();
  return chunks_.front();
}

InodeRecord InodeTable::read(std::uint32_t number) {
  const Layout& layout = volume_.layout;
  if (number == 0 || number > layout.inodes) {
    throw Error(ErrorCode::Corrupt, fmt::format("there is no inode {}", number));
  }
  const std::uint64_t table = groups_.inode_table((number - 1) / layout.inodes_per_group) * layout.block_size;
  const std::uint64_t offset = table + std::uint64_t{(number - 1) % layout.inodes_per_group} * layout.inode_size;
  const std::uint64_t table_end = table + std::uint64_t{layout.inodes_per_group} * layout.inode_size;
  const Chunk& chunk = chunk_with(offset, table_end);

  return parse_inode(number, std::span(*chunk.bytes).subspan(offset - chunk.offset, layout.inode_size), chunk.bytes);
}

InodeRecord parse_inode(std::uint32_t number, std::span<const std::byte> raw,
                        std::shared_ptr<const std::vector<std::byte>> storage) {
  InodeRecord record;
  record.number = number;
  record.storage = std::move(storage);
  record.raw = raw;
  std::memcpy(&record.fields, raw.data(), kOldInodeSize);
  if (raw.size() == kOldInodeSize) return record;
  std::memcpy(&record.fields.extra_isize, raw.data() + kOldInodeSize, sizeof(record.fields.extra_isize));
  const std::size_t end = kOldInodeSize + record.fields.extra_isize;
  if (end > raw.size() || end % 4 != 0) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("inode {} has an extra size of {} bytes", number, record.fields.extra_isize.value()));
  }
  std::memcpy(&record.fields, raw.data(), std::min(end, sizeof(record.fields)));
  return record;
}

bool has_valid_checksum(const InodeRecord& record, const VolumeState& volume) {
  if (!volume.layout.metadata_checksums) return true;
  const bool has_high = record.has_extra(offsetof(Inode, checksum_hi) + sizeof(Inode::checksum_hi));
  const std::uint32_t high = has_high ? record.fields.checksum_hi.value() : 0U;
  return inode_checksum(record.raw, volume.inode_seed(record.number, record.fields.generation)) ==
         (record.fields.checksum_lo | high << 16);
}

}  // namespace fstool::ext4
