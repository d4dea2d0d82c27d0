#include "write/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "crc32_run.h"
#include "fstool/disk_blocks.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/sparse_image.h"
#include "write/chunk_writer.h"

namespace fstool::simg {
namespace {

/// Bytes of the disk that a worker looks at at a time; no less than a block.
constexpr std::uint64_t kBatchBytes = 1 << 20U;

/// The 32-bit value that a block repeats from its begin to its end, if it does.
std::optional<std::uint32_t> repeated_value(std::span<const std::byte> block) {
  if (std::memcmp(block.data(), block.data() + sizeof(ChunkValue), block.size() - sizeof(ChunkValue)) != 0) {
    return std::nullopt;
  }
  return boost::endian::load_little_u32(reinterpret_cast<const unsigned char*>(block.data()));
}

/// Blocks of a kind, one after the other.
struct Piece {
  std::optional<std::uint32_t> fill;  ///< nothing: raw
  std::uint64_t blocks = 0;
};

/// What a worker found in a batch.
struct Batch {
  std::vector<Piece> pieces;
  Crc32Run crc32;
};

class Writer {
 public:
  Writer(const Blob& disk, OutputFile& output, const ImageParameters& parameters, Context& context)
      : disk_(disk),
        output_(output),
        parameters_(parameters),
        context_(context),
        blocks_(div_ceil(disk.size(), parameters.block_size)),
        chunks_(output, parameters.block_size),
        batches_(context.workers().slots()),
        zero_block_(Crc32Run::of(std::vector<std::byte>(parameters.block_size))) {}

  void write() {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    for_each_data_block(
        disk_, kBatchBytes, context_,
        [&](const DataBlock& data, unsigned /*worker*/, unsigned slot) { prepare(data, batches_[slot]); },
        [&](const DataBlock& data, unsigned slot) {
          add_zeros_up_to(data.index * blocks_of_batch());
          add(data, batches_[slot]);
        });
    add_zeros_up_to(blocks_);
    if (parameters_.crc32) chunks_.add_crc32(crc32_.crc);
    chunks_.finish();
    output_.set_size(chunks_.end());
    write_header();
  }

 private:
  std::uint64_t blocks_of_batch() const { return kBatchBytes / parameters_.block_size; }

  /// The bytes of a batch that are whole blocks of the disk.
  std::span<const std::byte> blocks_of(const DataBlock& data) const {
    const std::uint64_t blocks = std::min(blocks_of_batch(), blocks_ - data.index * blocks_of_batch());
    return data.bytes.first(blocks * parameters_.block_size);
  }

  /// Runs on the workers.
  void prepare(const DataBlock& data, Batch& batch) const {
    const auto bytes = blocks_of(data);
    batch.pieces.clear();
    for (std::uint64_t offset = 0; offset < bytes.size(); offset += parameters_.block_size) {
      const auto fill = repeated_value(bytes.subspan(offset, parameters_.block_size));
      if (batch.pieces.empty() || batch.pieces.back().fill != fill) batch.pieces.push_back({fill, 0});
      ++batch.pieces.back().blocks;
    }
    if (parameters_.crc32) batch.crc32 = Crc32Run::of(bytes);
  }

  void add(const DataBlock& data, const Batch& batch) {
    std::span<const std::byte> bytes = blocks_of(data);
    for (const Piece& piece : batch.pieces) {
      const std::uint64_t length = piece.blocks * parameters_.block_size;
      if (!piece.fill) {
        chunks_.add_raw(bytes.first(length));
      } else {
        add_fill(*piece.fill, piece.blocks);
      }
      bytes = bytes.subspan(length);
      added_ += piece.blocks;
    }
    if (parameters_.crc32) crc32_ += batch.crc32;
  }

  void add_fill(std::uint32_t value, std::uint64_t blocks) {
    if (value == 0 && parameters_.skip_zeros) {
      chunks_.add_dont_care(blocks);
    } else {
      chunks_.add_fill(value, blocks);
    }
  }

  /// The blocks up to `block` are zeros.
  void add_zeros_up_to(std::uint64_t block) {
    const std::uint64_t blocks = block - added_;
    if (blocks == 0) return;
    add_fill(0, blocks);
    if (parameters_.crc32) crc32_ += zero_block_.repeated(blocks);
    added_ = block;
  }

  void write_header() {
    ImageHeader header{};
    header.magic = kMagic;
    header.major_version = kMajorVersion;
    header.minor_version = kMinorVersion;
    header.header_bytes = sizeof(ImageHeader);
    header.chunk_header_bytes = sizeof(ChunkHeader);
    header.block_size = parameters_.block_size;
    header.blocks = static_cast<std::uint32_t>(blocks_);
    header.chunks = chunks_.chunks();
    header.checksum = parameters_.crc32 ? crc32_.crc : 0;
    output_.write_at(0, std::as_bytes(std::span(&header, 1)));
  }

  const Blob& disk_;
  OutputFile& output_;
  const ImageParameters& parameters_;
  Context& context_;
  std::uint64_t blocks_;
  ChunkWriter chunks_;
  std::vector<Batch> batches_;  ///< by slot
  Crc32Run zero_block_;
  Crc32Run crc32_;           ///< of all that was added
  std::uint64_t added_ = 0;  ///< blocks
};

}  // namespace

void write_image(const Blob& disk, OutputFile& output, const ImageParameters& parameters, Context& context) {
  Writer(disk, output, parameters, context).write();
}

}  // namespace fstool::simg
