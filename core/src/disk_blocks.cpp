#include "fstool/disk_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "blob_range.h"
#include "fstool/checksum.h"
#include "fstool/error.h"
#include "fstool/run_memo.h"

namespace fstool {
namespace {

/// Blocks that are listed at a time.
constexpr std::size_t kBlocksAtATime = 64 * 1024;

/// Blocks that one call looks at, at most, to find out how far a run reaches.
constexpr std::uint64_t kBlocksOfARun = 4096;

class BlockWalk {
 public:
  BlockWalk(const Blob& disk, std::uint64_t block_size, Context& context, const PrepareBlock& prepare,
            const StoreBlock& store)
      : disk_(disk),
        block_size_(block_size),
        context_(context),
        prepare_(prepare),
        store_(store),
        slots_(context.workers().slots()) {}

  void run() {
    std::uint64_t position = 0;
    while (position < disk_.size()) {
      const std::vector<std::uint64_t> blocks = next_blocks(position);
      context_.workers().ordered(
          blocks.size(), [&](std::uint64_t i, unsigned worker, unsigned slot) { prepare(blocks[i], worker, slot); },
          [&](std::uint64_t i, unsigned slot) {
            const Slot& made = slots_[slot];
            if (made.has_data) store_({blocks[i], made.bytes}, slot);
            report_progress((blocks[i] + 1) * block_size_);
          });
      report_progress(position);
    }
  }

 private:
  /// A block between the worker that read it and the one who stores it. The buffer is kept for the next.
  struct Slot {
    std::vector<std::byte> bytes;
    bool has_data = false;
  };

  /// The numbers of the next blocks that aren't holes, from `position` on, which moves to behind them.
  std::vector<std::uint64_t> next_blocks(std::uint64_t& position) const {
    std::vector<std::uint64_t> blocks;
    while (position < disk_.size() && blocks.size() < kBlocksAtATime) {
      context_.check_cancelled();
      const Run run = disk_.run_at(position);
      const std::uint64_t run_end = position + run.length;
      if (run.hole) position = run_end;
      while (position < run_end && blocks.size() < kBlocksAtATime) {
        blocks.push_back(position / block_size_);
        position += std::min(block_size_ - position % block_size_, disk_.size() - position);
      }
    }
    return blocks;
  }

  void prepare(std::uint64_t index, unsigned worker, unsigned slot) {
    Slot& made = slots_[slot];
    made.bytes.resize(block_size_);
    read_block(index * block_size_, made.bytes);
    made.has_data = !is_zero(made.bytes);
    if (made.has_data && prepare_) prepare_({index, made.bytes}, worker, slot);
  }

  void read_block(std::uint64_t begin, std::span<std::byte> out) const {
    const std::uint64_t length = std::min(block_size_, disk_.size() - begin);
    std::uint64_t filled = 0;
    const auto fill_up_to = [&](std::uint64_t end) {
      std::ranges::fill(out.subspan(filled, end - filled), std::byte{0});
    };
    for (const DataExtent& extent : data_extents(disk_, begin, length, std::min(kHostBlockBytes, block_size_))) {
      const std::uint64_t first = extent.offset - begin;
      fill_up_to(first);
      disk_.read(extent.offset, out.subspan(first, extent.length));
      filled = first + extent.length;
    }
    fill_up_to(out.size());
  }

  void report_progress(std::uint64_t position) {
    position = std::min(position, disk_.size());
    context_.advance(position - reported_);
    reported_ = position;
  }

  const Blob& disk_;
  std::uint64_t block_size_;
  Context& context_;
  const PrepareBlock& prepare_;
  const StoreBlock& store_;
  std::vector<Slot> slots_;
  std::uint64_t reported_ = 0;  ///< bytes of the disk
};

class BlockedBlob final : public Blob {
  template <class Work>
  auto in_context(Work&& work) const {
    return with_context([&] { return "reading " + disk_.name; }, std::forward<Work>(work));
  }

 public:
  explicit BlockedBlob(BlockedDisk disk) : disk_(std::move(disk)) {}

  std::uint64_t size() const override { return disk_.size; }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    in_context([&] {
      while (!out.empty()) {
        const Extent extent = extent_at(offset, out.size());
        const auto part = out.first(extent.length);
        if (extent.place) {
          disk_.file->read(*extent.place, part);
        } else {
          std::ranges::fill(part, std::byte{0});
        }
        offset += extent.length;
        out = out.subspan(extent.length);
      }
    });
  }

  Run run_at(std::uint64_t offset) const override {
    return runs_.run_at(offset, [&](std::uint64_t at) {
      return in_context([&]() -> Run {
        const std::uint64_t rest = disk_.size - at;
        const Extent first = extent_in_block(at, rest);
        if (!first.place) return {extent_at(at, rest).length, true};
        const Run run = disk_.file->run_at(*first.place);
        return {extent_at(at, std::min(run.length, rest)).length, run.hole};
      });
    });
  }

  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (length == 0 || !is_inside(offset, length, size())) return std::nullopt;
    const Extent extent = in_context([&] { return extent_at(offset, length); });
    if (!extent.place || extent.length < length) return std::nullopt;
    return disk_.file->host_range(*extent.place, length);
  }

 private:
  /// Bytes of the disk that are zeros, or lie in the file one after the other.
  struct Extent {
    std::uint64_t length = 0;            ///< bytes
    std::optional<std::uint64_t> place;  ///< bytes into the file; nothing: zeros
  };

  /// The extent at `offset`, at most `limit` bytes, and no more than its block has.
  Extent extent_in_block(std::uint64_t offset, std::uint64_t limit) const {
    const std::uint64_t block = offset / disk_.block_size;
    const std::uint64_t inside = offset % disk_.block_size;
    Extent extent{std::min(limit, disk_.block_size - inside), disk_.place(block)};
    if (!extent.place) return extent;
    const std::uint64_t begin = *extent.place;
    if (!is_inside(begin, inside + extent.length, disk_.file->size())) {
      throw Error(ErrorCode::Corrupt,
                  fmt::format("block {} of the disk, at byte {} of the file, reaches beyond its end: it may be cut off",
                              block, begin));
    }
    extent.place = begin + inside;
    return extent;
  }

  /// The extent at `offset`, over as many blocks as belong to it, at most `limit` bytes.
  Extent extent_at(std::uint64_t offset, std::uint64_t limit) const {
    Extent extent = extent_in_block(offset, limit);
    for (std::uint64_t blocks = 1; blocks < kBlocksOfARun && extent.length < limit; ++blocks) {
      try {
        const Extent next = extent_in_block(offset + extent.length, limit - extent.length);
        const bool goes_on = extent.place ? next.place == *extent.place + extent.length : !next.place;
        if (!goes_on) break;
        extent.length += next.length;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::Corrupt) throw;
        break;  // damage there is an error to those who ask for what is there
      }
    }
    return extent;
  }

  BlockedDisk disk_;
  mutable RunMemo runs_;
};

}  // namespace

void for_each_data_block(const Blob& disk, std::uint64_t block_size, Context& context, const PrepareBlock& prepare,
                         const StoreBlock& store) {
  BlockWalk(disk, block_size, context, prepare, store).run();
}

void write_sparse(OutputFile& output, std::uint64_t offset, std::span<const std::byte> bytes) {
  std::size_t first = 0;  // of what is to be written
  const auto write_up_to = [&](std::size_t end) {
    if (first < end) output.write_at(offset + first, bytes.subspan(first, end - first));
  };
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t to_boundary = kHostBlockBytes - (offset + at) % kHostBlockBytes;
    const std::size_t length = std::min<std::uint64_t>(to_boundary, bytes.size() - at);
    if (is_zero(bytes.subspan(at, length))) {
      write_up_to(at);
      first = at + length;
    }
    at += length;
  }
  write_up_to(bytes.size());
}

ContentSeed::ContentSeed(unsigned slots, std::uint64_t disk_size)
    : checksums_(slots), seed_(fmt::format("a disk of {} bytes", disk_size)) {}

void ContentSeed::take(const DataBlock& block, unsigned slot) {
  checksums_[slot] = std::uint64_t{crc32(0, block.bytes)} << 32U | crc32c(~std::uint32_t{0}, block.bytes);
}

void ContentSeed::add(const DataBlock& block, unsigned slot) {
  seed_ = seed_.derive(fmt::format("{}:{:016x}", block.index, checksums_[slot]));
}

BlobPtr make_blocked_blob(BlockedDisk disk) { return std::make_shared<BlockedBlob>(std::move(disk)); }

}  // namespace fstool
