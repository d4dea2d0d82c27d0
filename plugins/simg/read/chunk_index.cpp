#include "read/chunk_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "fstool/error.h"
#include "ondisk/sparse_image.h"

namespace fstool::simg {
namespace {

constexpr std::uint64_t kMaxDiskBytes = std::numeric_limits<std::int64_t>::max();

/// Reads small structures one behind the other with few calls, but not much more than them: between two there may be
/// the data of a chunk.
class StructReader {
 public:
  explicit StructReader(const Blob& file) : file_(file) {}

  /// The structure at `offset`, all of which is in the file.
  template <class Struct>
  Struct read(std::uint64_t offset) {
    static_assert(std::is_trivially_copyable_v<Struct> && sizeof(Struct) <= kWindowBytes);
    if (offset < begin_ || offset + sizeof(Struct) > begin_ + window_.size()) {
      window_.resize(std::min<std::uint64_t>(kWindowBytes, file_.size() - offset));
      file_.read(offset, window_);
      begin_ = offset;
    }
    Struct value;
    std::memcpy(&value, window_.data() + (offset - begin_), sizeof(value));
    return value;
  }

 private:
  static constexpr std::size_t kWindowBytes = 1024;

  const Blob& file_;
  std::uint64_t begin_ = 0;
  std::vector<std::byte> window_;
};

[[noreturn]] void throw_corrupt(const std::string& what) { throw Error(ErrorCode::Corrupt, what); }

void check_header(const ImageHeader& header, std::uint64_t file_size) {
  if (header.magic != kMagic) throw_corrupt("it doesn't begin as a sparse image does");
  if (header.major_version != kMajorVersion) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it is a sparse image of version {}.{}, and only {}.x can be read",
                            header.major_version.value(), header.minor_version.value(), kMajorVersion));
  }
  if (header.header_bytes < sizeof(ImageHeader) || header.header_bytes > file_size ||
      header.chunk_header_bytes < sizeof(ChunkHeader)) {
    throw_corrupt(fmt::format("headers of {} and {} bytes are too short or not in the file",
                              header.header_bytes.value(), header.chunk_header_bytes.value()));
  }
  if (header.block_size == 0 || header.block_size % sizeof(ChunkValue) != 0) {
    throw_corrupt(fmt::format("a block size of {} bytes is no multiple of 4", header.block_size.value()));
  }
  if (header.block_size.value() > kMaxDiskBytes / std::max<std::uint64_t>(1, header.blocks)) {
    throw_corrupt(
        fmt::format("{} blocks of {} bytes can't be right", header.blocks.value(), header.block_size.value()));
  }
  if (header.chunks > (file_size - header.header_bytes) / header.chunk_header_bytes) {
    throw_corrupt(fmt::format("{} chunks don't fit the file: it may be cut off", header.chunks.value()));
  }
}

}  // namespace

class IndexReader {
 public:
  IndexReader(const Blob& file, const Context& context) : file_(file), context_(context), reader_(file) {}

  ChunkIndex read() {
    if (file_.size() < sizeof(ImageHeader)) throw_corrupt("it is shorter than the header of a sparse image");
    const auto header = reader_.read<ImageHeader>(0);
    check_header(header, file_.size());
    chunk_header_bytes_ = header.chunk_header_bytes;
    ChunkIndex index(header.block_size, header.blocks);
    offset_ = header.header_bytes;
    for (std::uint32_t i = 0; i < header.chunks; ++i) {
      if (i % kChunksBetweenChecks == 0) context_.check_cancelled();
      with_context([&] { return fmt::format("chunk {}", i); }, [&] { add_chunk(index); });
    }
    if (block_ != header.blocks) {
      throw_corrupt(fmt::format("the chunks have {} blocks in place of {}", block_, header.blocks.value()));
    }
    if (header.checksum != 0) index.checksums_.push_back({block_, header.checksum});
    index.end_in_file_ = offset_;
    return index;
  }

 private:
  static constexpr std::uint32_t kChunksBetweenChecks = 64 * 1024;

  void add_chunk(ChunkIndex& index) {
    if (file_.size() - offset_ < chunk_header_bytes_) throw_corrupt("it is not in the file, which may be cut off");
    const auto header = reader_.read<ChunkHeader>(offset_);
    if (header.bytes < chunk_header_bytes_ || header.bytes > file_.size() - offset_) {
      throw_corrupt(
          fmt::format("its {} bytes are too few or not in the file, which may be cut off", header.bytes.value()));
    }
    const std::uint64_t data = offset_ + chunk_header_bytes_;
    const std::uint64_t data_bytes = header.bytes - chunk_header_bytes_;
    switch (static_cast<ChunkType>(header.type.value())) {
      case ChunkType::Raw:
        expect_data(data_bytes, std::uint64_t{header.blocks} * index.block_size());
        add_blocks(index, header.blocks, ChunkKind::Raw, data);
        break;
      case ChunkType::Fill:
        expect_data(data_bytes, sizeof(ChunkValue));
        add_blocks(index, header.blocks, ChunkKind::Fill, reader_.read<ChunkValue>(data));
        break;
      case ChunkType::DontCare:
        expect_data(data_bytes, 0);
        add_blocks(index, header.blocks, ChunkKind::DontCare, 0);
        break;
      case ChunkType::Crc32:
        expect_data(data_bytes, sizeof(ChunkValue));
        index.checksums_.push_back({block_, reader_.read<ChunkValue>(data)});
        break;
      default:
        throw_corrupt(fmt::format("there is no type of chunk {:#06x}", header.type.value()));
    }
    offset_ += header.bytes;
  }

  static void expect_data(std::uint64_t bytes, std::uint64_t expected) {
    if (bytes != expected) throw_corrupt(fmt::format("it has {} bytes of data in place of {}", bytes, expected));
  }

  void add_blocks(ChunkIndex& index, std::uint32_t blocks, ChunkKind kind, std::uint64_t value) {
    if (blocks > index.blocks_ - block_) throw_corrupt("it reaches beyond the end of the disk");
    if (blocks == 0) return;
    index.chunks_.push_back({static_cast<std::uint32_t>(block_), kind, value});
    block_ += blocks;
  }

  const Blob& file_;
  const Context& context_;
  StructReader reader_;
  std::uint64_t chunk_header_bytes_ = 0;
  std::uint64_t offset_ = 0;  ///< of the next chunk
  std::uint64_t block_ = 0;   ///< the next one
};

std::size_t ChunkIndex::chunk_with(std::uint64_t block) const {
  const auto after = std::ranges::upper_bound(chunks_, block, {}, &IndexedChunk::first_block);
  return static_cast<std::size_t>(after - chunks_.begin()) - 1;
}

std::uint64_t ChunkIndex::begin_of(std::size_t chunk) const {
  return std::uint64_t{chunks_[chunk].first_block} * block_size_;
}

std::uint64_t ChunkIndex::end_of(std::size_t chunk) const {
  return chunk + 1 < chunks_.size() ? begin_of(chunk + 1) : disk_bytes();
}

bool probe(const Blob& file) {
  if (file.size() < sizeof(ImageHeader)) return false;
  return StructReader(file).read<ImageHeader>(0).magic == kMagic;
}

ChunkIndex read_chunk_index(const Blob& file, const Context& context) { return IndexReader(file, context).read(); }

}  // namespace fstool::simg
