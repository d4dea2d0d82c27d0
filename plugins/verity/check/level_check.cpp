#include "check/level_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/disk_blocks.h"

namespace fstool::verity {
namespace {

/// What a worker reads at a time: a power of two, and no less than a block of any size.
constexpr std::uint64_t kBatchBytes = 1 << 20U;

}  // namespace

LevelCheck::LevelCheck(const TreeParameters& parameters, std::size_t level, const BlobPtr& image, Context& context)
    : parameters_(parameters),
      shape_(parameters.shape.levels[level]),
      digest_bytes_(digest_size(*parameters.hash)),
      context_(context),
      zeros_(fmt::format("level {}", level), "nothing but zeros, which are no hashes", context),
      wrong_hashes_(fmt::format("level {}", level), "not the hash that the level above has", context),
      used_spares_(fmt::format("level {}", level), "something else than zeros beside the hashes", context) {
  const auto bytes_of = [&](const Level& place) {
    const std::uint64_t block_size = parameters.hash_block_size;
    return make_slice_blob(image, parameters.tree_offset() + place.first_block * block_size, place.blocks * block_size);
  };
  bytes_ = bytes_of(shape_);
  if (level + 1 < parameters.shape.levels.size()) parents_ = bytes_of(parameters.shape.levels[level + 1]);
}

void LevelCheck::run() {
  const std::uint64_t batch_blocks = kBatchBytes / parameters_.hash_block_size;
  std::vector<BlockHasher> hashers(context_.workers().size(),
                                   BlockHasher(*parameters_.hash, parameters_.hash_type, parameters_.salt));
  std::vector<Batch> batches(context_.workers().slots());
  std::uint64_t checked = 0;  // blocks
  const auto zeros_up_to = [&](std::uint64_t block) {
    if (block > checked) zeros_.add(checked, block - checked);
  };
  for_each_data_block(
      *bytes_, kBatchBytes, context_,
      [&](const DataBlock& data, unsigned worker, unsigned slot) {
        const std::uint64_t first = data.index * batch_blocks;
        const std::uint64_t blocks = std::min(batch_blocks, shape_.blocks - first);
        check_batch(first, data.bytes.first(blocks * parameters_.hash_block_size), hashers[worker], batches[slot]);
      },
      [&](const DataBlock& data, unsigned slot) {
        const std::uint64_t first = data.index * batch_blocks;
        zeros_up_to(first);
        take(batches[slot]);
        checked = std::min(first + batch_blocks, shape_.blocks);
      });
  zeros_up_to(shape_.blocks);
  zeros_.finish();
  wrong_hashes_.finish();
  used_spares_.finish();
}

void LevelCheck::check_batch(std::uint64_t first_block, std::span<const std::byte> bytes, BlockHasher& hasher,
                             Batch& batch) const {
  const std::uint32_t block_size = parameters_.hash_block_size;
  const std::uint64_t blocks = bytes.size() / block_size;
  batch.zeros.clear();
  batch.wrong_hashes.clear();
  batch.used_spares.clear();
  if (parents_) read_expected(first_block, blocks, batch);
  std::vector<std::byte> digest(digest_bytes_);
  for (std::uint64_t block = first_block; block < first_block + blocks; ++block) {
    const auto stored = bytes.subspan((block - first_block) * block_size, block_size);
    if (is_zero(stored)) {
      batch.zeros.push_back(block);
      continue;
    }
    if (has_used_spares(block, stored)) batch.used_spares.push_back(block);
    if (!parents_) continue;
    hasher.hash(stored, digest);
    if (!std::ranges::equal(digest, expected_digest(first_block, block, batch))) batch.wrong_hashes.push_back(block);
  }
}

void LevelCheck::read_expected(std::uint64_t first_block, std::uint64_t blocks, Batch& batch) const {
  const std::uint32_t per_block = parameters_.shape.entries_per_block;
  const std::uint64_t first = first_block / per_block;
  const std::uint64_t count = (first_block + blocks - 1) / per_block - first + 1;
  batch.expected.resize(count * parameters_.hash_block_size);
  parents_->read(first * parameters_.hash_block_size, batch.expected);
}

std::span<const std::byte> LevelCheck::expected_digest(std::uint64_t first_block, std::uint64_t block,
                                                       const Batch& batch) const {
  const TreeShape& shape = parameters_.shape;
  const std::uint64_t parent = block / shape.entries_per_block - first_block / shape.entries_per_block;
  const std::uint64_t entry = block % shape.entries_per_block;
  return std::span(batch.expected).subspan(parent * shape.block_size + entry * shape.entry_bytes, digest_bytes_);
}

bool LevelCheck::has_used_spares(std::uint64_t block, std::span<const std::byte> bytes) const {
  const TreeShape& shape = parameters_.shape;
  const std::uint64_t first_entry = block * shape.entries_per_block;
  const std::uint64_t entries = std::min<std::uint64_t>(shape.entries_per_block, shape_.entries - first_entry);
  for (std::uint64_t entry = 0; entry < entries; ++entry) {
    const std::uint64_t end_of_digest = entry * shape.entry_bytes + digest_bytes_;
    if (!is_zero(bytes.subspan(end_of_digest, shape.entry_bytes - digest_bytes_))) return true;
  }
  return !is_zero(bytes.subspan(entries * shape.entry_bytes));
}

void LevelCheck::take(const Batch& batch) {
  for (const std::uint64_t block : batch.zeros) zeros_.add(block, 1);
  for (const std::uint64_t block : batch.wrong_hashes) wrong_hashes_.add(block, 1);
  for (const std::uint64_t block : batch.used_spares) used_spares_.add(block, 1);
}

}  // namespace fstool::verity
