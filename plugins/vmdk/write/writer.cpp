#include "write/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fstool/disk_blocks.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/descriptor.h"
#include "ondisk/marker.h"
#include "write/extent_file.h"

namespace fstool::vmdk {
namespace {

/// Bytes of the disk that a worker reads and compresses at a time. Batches lie at multiples of their size, and those of
/// a grain table at multiples of that, so that no batch has grains of two tables.
constexpr std::uint64_t kBatchBytes = 1 << 20U;

/// A grain that takes room.
struct StoredGrain {
  std::uint32_t index = 0;  ///< in its batch
  std::uint64_t bytes = 0;  ///< in the file: whole sectors
};

/// What a worker made of a batch. The buffers are kept from batch to batch.
struct Batch {
  std::vector<std::byte> packed;  ///< the compressed grains behind their markers, one after the other
  std::vector<StoredGrain> grains;
};

/// Compresses one grain after the other. Used by one thread at a time.
class GrainPacker {
 public:
  explicit GrainPacker(const Codec& codec) : compressor_(codec.compressor()) {}

  /// The most bytes that a grain takes: a stream that only stores is little longer than the grain.
  static std::uint64_t bound(std::uint64_t grain_bytes) {
    constexpr std::uint64_t kBlocksAndWrap = 64;
    return round_up(sizeof(GrainMarker) + grain_bytes + grain_bytes / 64 + kBlocksAndWrap, kSectorBytes);
  }

  /// Puts the grain that begins at `sector` of the disk into `out`, which has bound() bytes, and returns how many of
  /// them it takes.
  std::uint64_t pack(std::span<const std::byte> grain, std::uint64_t sector, std::span<std::byte> out) {
    const auto size = compressor_->compress(grain, out.subspan(sizeof(GrainMarker)));
    if (!size) throw Error(ErrorCode::Internal, "a grain of a VMDK disk got longer than a zlib stream can be");
    GrainMarker marker{};
    marker.sector = sector;
    marker.bytes = static_cast<std::uint32_t>(*size);
    std::memcpy(out.data(), &marker, sizeof(marker));
    const std::uint64_t used = sizeof(marker) + *size;
    const std::uint64_t whole = round_up(used, kSectorBytes);
    std::ranges::fill(out.subspan(used, whole - used), std::byte{0});
    return whole;
  }

 private:
  std::unique_ptr<Compressor> compressor_;
};

class Writer {
 public:
  Writer(const Blob& disk, OutputFile& output, const Codec* codec, const ImageParameters& parameters, Context& context)
      : disk_(disk),
        output_(output),
        codec_(codec),
        parameters_(parameters),
        context_(context),
        grain_bytes_(parameters.grain_sectors * kSectorBytes),
        batch_bytes_(std::max(kBatchBytes, grain_bytes_)),
        size_{div_ceil(disk.size(), kSectorBytes), parameters.grain_sectors},
        file_(codec == nullptr ? make_sparse_file(output, size_) : make_stream_file(output, size_)),
        seed_(context.workers().slots(), disk.size()),
        slots_(context.workers().slots()),
        packers_(context.workers().size()) {}

  void write() {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    for_each_data_block(
        disk_, batch_bytes_, context_,
        [&](const DataBlock& block, unsigned worker, unsigned slot) {
          seed_.take(block, slot);
          prepare(block, worker, slots_[slot]);
        },
        [&](const DataBlock& block, unsigned slot) {
          seed_.add(block, slot);
          store(block, slots_[slot]);
        });
    write_table();
    file_->finish(format_descriptor({.content_id = content_id(),
                                     .create_type = codec_ == nullptr ? "monolithicSparse" : "streamOptimized",
                                     .access = codec_ == nullptr ? "RW" : "RDONLY",
                                     .sectors = size_.capacity,
                                     .adapter_type = parameters_.adapter_type,
                                     .hardware_version = parameters_.hardware_version}));
  }

 private:
  /// Finds the grains of a batch that aren't zero, and compresses them. Runs on the workers.
  void prepare(const DataBlock& data, unsigned worker, Batch& batch) {
    batch.grains.clear();
    std::uint64_t packed = 0;
    for (std::uint64_t offset = 0; offset < data.bytes.size(); offset += grain_bytes_) {
      const auto grain = data.bytes.subspan(offset, grain_bytes_);
      if (is_zero(grain)) continue;
      const std::uint64_t sector = (data.index * batch_bytes_ + offset) / kSectorBytes;
      const std::uint64_t bytes = codec_ == nullptr ? grain_bytes_ : pack(grain, sector, worker, packed, batch);
      batch.grains.push_back({static_cast<std::uint32_t>(offset / grain_bytes_), bytes});
      packed += bytes;
    }
  }

  /// Puts a grain behind the `packed` bytes of the batch, and returns how many it takes.
  std::uint64_t pack(std::span<const std::byte> grain, std::uint64_t sector, unsigned worker, std::uint64_t packed,
                     Batch& batch) {
    if (packers_[worker] == nullptr) packers_[worker] = std::make_unique<GrainPacker>(*codec_);
    const std::uint64_t bound = GrainPacker::bound(grain_bytes_);
    batch.packed.resize(bound * (batch_bytes_ / grain_bytes_));
    return packers_[worker]->pack(grain, sector, std::span(batch.packed).subspan(packed, bound));
  }

  /// Writes the grains of a batch, which lie in the file one behind the other.
  void store(const DataBlock& data, const Batch& batch) {
    const std::uint64_t first_grain = data.index * (batch_bytes_ / grain_bytes_);
    begin_table(first_grain / kEntriesOfTable);
    std::uint64_t sector = codec_ == nullptr ? append_plain(data, batch) : append_packed(batch);
    for (const StoredGrain& grain : batch.grains) {
      table_[(first_grain + grain.index) % kEntriesOfTable] = static_cast<std::uint32_t>(sector);
      sector += grain.bytes / kSectorBytes;
    }
  }

  /// Returns the first sector of the first grain.
  std::uint64_t append_plain(const DataBlock& data, const Batch& batch) {
    std::optional<std::uint64_t> first_sector;
    const auto& grains = batch.grains;
    for (std::size_t i = 0; i < grains.size();) {
      std::size_t end = i + 1;
      while (end < grains.size() && grains[end].index == grains[end - 1].index + 1) ++end;
      const std::uint64_t sector =
          file_->append(data.bytes.subspan(grains[i].index * grain_bytes_, (end - i) * grain_bytes_));
      if (!first_sector) first_sector = sector;
      i = end;
    }
    return first_sector.value();
  }

  std::uint64_t append_packed(const Batch& batch) {
    std::uint64_t bytes = 0;
    for (const StoredGrain& grain : batch.grains) bytes += grain.bytes;
    return file_->append(std::span(batch.packed).first(bytes));
  }

  /// Makes the table of that number the current one.
  void begin_table(std::uint64_t number) {
    if (table_number_ == number) return;
    write_table();
    table_number_ = number;
  }

  /// Writes the current table, if there is one.
  void write_table() {
    if (!table_number_) return;
    file_->write_table(*table_number_, table_);
    table_ = {};
    table_number_.reset();
  }

  /// Never one that has a meaning.
  std::uint32_t content_id() const { return static_cast<std::uint32_t>(seed_.seed().number("CID") % kNeverWritten); }

  const Blob& disk_;
  OutputFile& output_;
  const Codec* codec_;
  const ImageParameters& parameters_;
  Context& context_;
  std::uint64_t grain_bytes_;
  std::uint64_t batch_bytes_;
  ExtentSize size_;
  std::unique_ptr<ExtentFile> file_;
  ContentSeed seed_;
  std::vector<Batch> slots_;
  std::vector<std::unique_ptr<GrainPacker>> packers_;  ///< by worker
  std::optional<std::uint64_t> table_number_;          ///< of table_
  GrainTable table_{};
};

}  // namespace

void write_image(const Blob& disk, OutputFile& output, const Codec* codec, const ImageParameters& parameters,
                 Context& context) {
  Writer(disk, output, codec, parameters, context).write();
}

}  // namespace fstool::vmdk
