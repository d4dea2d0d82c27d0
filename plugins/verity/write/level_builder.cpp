#include "write/level_builder.h"

#include <algorithm>
#include <utility>

namespace fstool::verity {
namespace {

/// `size` bytes of blocks like `block`.
BlobPtr make_repeated_blob(std::uint64_t size, std::vector<std::byte> block) {
  return make_generated_blob(size, [block = std::move(block)](std::uint64_t offset, std::span<std::byte> out) {
    while (!out.empty()) {
      const auto from = std::span(block).subspan(offset % block.size());
      const auto part = out.first(std::min(out.size(), from.size()));
      std::ranges::copy(from.first(part.size()), part.begin());
      offset += part.size();
      out = out.subspan(part.size());
    }
  });
}

}  // namespace

LevelBuilder::LevelBuilder(const TreeShape& shape, const Level& level, std::span<const std::byte> filler_digest,
                           std::uint64_t memory_bytes)
    : shape_(shape),
      level_(level),
      filler_digest_(filler_digest.begin(), filler_digest.end()),
      filler_(shape.block_size),
      block_(shape.block_size),
      spill_(std::make_shared<Spill>(Spill::Options{.memory_bytes = memory_bytes})) {
  for (std::uint32_t entry = 0; entry < shape.entries_per_block; ++entry) {
    std::ranges::copy(filler_digest_, filler_.begin() + entry * shape.entry_bytes);
  }
}

void LevelBuilder::add(std::span<const std::byte> digests) {
  while (!digests.empty()) {
    put(digests.first(filler_digest_.size()));
    digests = digests.subspan(filler_digest_.size());
  }
}

void LevelBuilder::add_fillers(std::uint64_t count) {
  for (; count > 0 && entry_in_block() != 0; --count) put(filler_digest_);
  const std::uint64_t in_blocks = count - count % shape_.entries_per_block;
  added_ += in_blocks;
  for (count -= in_blocks; count > 0; --count) put(filler_digest_);
}

void LevelBuilder::put(std::span<const std::byte> digest) {
  std::ranges::copy(digest, block_.begin() + static_cast<std::ptrdiff_t>(entry_in_block() * shape_.entry_bytes));
  ++added_;
  if (entry_in_block() == 0 || added_ == level_.entries) store_block();
}

void LevelBuilder::store_block() {
  const std::uint64_t block = (added_ - 1) / shape_.entries_per_block;
  const std::uint64_t offset = spill_->append(block_);
  std::ranges::fill(block_, std::byte{0});
  if (runs_.empty() || runs_.back().first_block + runs_.back().blocks != block) runs_.push_back({block, offset, 0});
  ++runs_.back().blocks;
}

BuiltLevel LevelBuilder::finish() {
  const std::uint64_t size = level_.blocks * shape_.block_size;
  const BlobPtr fillers = make_repeated_blob(size, filler_);
  BlobBuilder bytes;
  BlobBuilder without_fillers;
  std::uint64_t end = 0;  // of what has its place
  const auto fill_up_to = [&](std::uint64_t offset) { bytes.add(end, fillers, end, offset - end); };
  for (const StoredRun& run : runs_) {
    const std::uint64_t offset = run.first_block * shape_.block_size;
    const std::uint64_t length = run.blocks * shape_.block_size;
    fill_up_to(offset);
    bytes.add(offset, spill_, run.spill_offset, length);
    without_fillers.add(offset, spill_, run.spill_offset, length);
    end = offset + length;
  }
  fill_up_to(size);
  return {.bytes = bytes.finish(size), .without_fillers = without_fillers.finish(size), .filler = filler_};
}

}  // namespace fstool::verity
