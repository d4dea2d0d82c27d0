#include "write/chunk_writer.h"

#include <algorithm>
#include <limits>

namespace fstool::simg {
namespace {

template <class Struct>
std::span<const std::byte> bytes_of(const Struct& value) {
  return std::as_bytes(std::span(&value, 1));
}

ChunkHeader header_of(ChunkType type, std::uint64_t blocks, std::uint64_t data_bytes) {
  ChunkHeader header{};
  header.type = static_cast<std::uint16_t>(type);
  header.blocks = static_cast<std::uint32_t>(blocks);
  header.bytes = static_cast<std::uint32_t>(sizeof(header) + data_bytes);
  return header;
}

}  // namespace

ChunkWriter::ChunkWriter(OutputFile& output, std::uint32_t block_size)
    : buffer_(output, sizeof(ImageHeader)), block_size_(block_size) {}

void ChunkWriter::add_raw(std::span<const std::byte> blocks) {
  while (!blocks.empty()) {
    const std::uint64_t bytes = grow(ChunkType::Raw, 0, blocks.size() / block_size_) * block_size_;
    buffer_.append(blocks.first(bytes));
    blocks = blocks.subspan(bytes);
  }
}

void ChunkWriter::add_fill(std::uint32_t value, std::uint64_t blocks) {
  while (blocks > 0) blocks -= grow(ChunkType::Fill, value, blocks);
}

void ChunkWriter::add_dont_care(std::uint64_t blocks) {
  while (blocks > 0) blocks -= grow(ChunkType::DontCare, 0, blocks);
}

void ChunkWriter::add_crc32(std::uint32_t crc32) {
  end_chunk();
  buffer_.append(bytes_of(header_of(ChunkType::Crc32, 0, sizeof(ChunkValue))));
  buffer_.append(bytes_of(ChunkValue(crc32)));
  ++chunks_;
}

void ChunkWriter::finish() {
  end_chunk();
  buffer_.flush();
}

std::uint64_t ChunkWriter::grow(ChunkType type, std::uint32_t value, std::uint64_t blocks) {
  if (current_ && (current_->type != type || current_->value != value || current_->blocks == max_blocks(type))) {
    end_chunk();
  }
  if (!current_) {
    current_ = Chunk{.type = type, .value = value, .blocks = 0, .header = buffer_.end()};
    // The length is not known yet: the bytes that follow are only seen once.
    if (type == ChunkType::Raw) buffer_.append(bytes_of(ChunkHeader{}));
  }
  const std::uint64_t more = std::min(blocks, max_blocks(type) - current_->blocks);
  current_->blocks += more;
  return more;
}

void ChunkWriter::end_chunk() {
  if (!current_) return;
  switch (current_->type) {
    case ChunkType::Raw:
      buffer_.replace(current_->header,
                      bytes_of(header_of(ChunkType::Raw, current_->blocks, current_->blocks * block_size_)));
      break;
    case ChunkType::Fill:
      buffer_.append(bytes_of(header_of(ChunkType::Fill, current_->blocks, sizeof(ChunkValue))));
      buffer_.append(bytes_of(ChunkValue(current_->value)));
      break;
    case ChunkType::DontCare:
    case ChunkType::Crc32:
      buffer_.append(bytes_of(header_of(current_->type, current_->blocks, 0)));
      break;
  }
  ++chunks_;
  current_.reset();
}

std::uint64_t ChunkWriter::max_blocks(ChunkType type) const {
  // What is not cared for is only jumped over.
  if (type == ChunkType::DontCare) return std::numeric_limits<std::uint32_t>::max();
  return kMaxChunkBytes / block_size_;
}

}  // namespace fstool::simg
