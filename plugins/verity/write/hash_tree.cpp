#include "write/hash_tree.h"

#include <algorithm>
#include <span>
#include <utility>

#include "fstool/disk_blocks.h"
#include "fstool/size.h"
#include "fstool/spill.h"
#include "write/level_builder.h"

namespace fstool::verity {
namespace {

/// What a worker reads at a time: a power of two, and no less than a block of any size.
constexpr std::uint64_t kBatchBytes = 1 << 20U;
/// How much of level 0 stays in memory. Each level above is allowed half of that of the one below.
constexpr std::uint64_t kLevelMemoryBytes = Spill::Options{}.memory_bytes;

/// The data, or a level of the tree.
struct Layer {
  BlobPtr bytes;
  std::uint32_t block_size = 0;
  std::vector<std::byte> zeros_mean;  ///< the block that a block of zeros stands for
};

class TreeBuilder {
 public:
  TreeBuilder(const TreeShape& shape, const BlockHasher& hasher, Context& context)
      : shape_(shape),
        context_(context),
        hashers_(context.workers().size(), hasher),
        digests_(context.workers().slots()) {}

  HashTree build(BlobPtr data, std::uint32_t data_block_size) {
    context_.begin_step("hashing", data->size() + shape_.blocks * shape_.block_size, "bytes");
    if (shape_.levels.empty()) return {make_hole_blob(0), hash_single_block(*data)};
    Layer below{std::move(data), data_block_size, std::vector<std::byte>(data_block_size)};
    BlobBuilder tree;
    BlobPtr top;
    std::uint64_t memory_bytes = kLevelMemoryBytes;
    for (const Level& level : shape_.levels) {
      BuiltLevel built = build_level(level, below, memory_bytes);
      tree.add(level.first_block * shape_.block_size, built.bytes);
      top = std::move(built.bytes);
      below = {std::move(built.without_fillers), shape_.block_size, std::move(built.filler)};
      memory_bytes /= 2;
    }
    return {tree.finish(shape_.blocks * shape_.block_size), hash_single_block(*top)};
  }

 private:
  std::vector<std::byte> hash_single_block(const Blob& block) {
    std::vector<std::byte> digest = hashers_.front().hash(read_all(block, block.size()));
    context_.advance(block.size());
    return digest;
  }

  BuiltLevel build_level(const Level& level, const Layer& below, std::uint64_t memory_bytes) {
    const std::vector<std::byte> filler_digest = hashers_.front().hash(below.zeros_mean);
    LevelBuilder builder(shape_, level, filler_digest, memory_bytes);
    const std::uint64_t batch_blocks = kBatchBytes / below.block_size;
    for_each_data_block(
        *below.bytes, kBatchBytes, context_,
        [&](const DataBlock& batch, unsigned worker, unsigned slot) {
          const std::uint64_t blocks = std::min(batch_blocks, level.entries - batch.index * batch_blocks);
          hash_batch(batch.bytes.first(blocks * below.block_size), below.block_size, filler_digest, hashers_[worker],
                     digests_[slot]);
        },
        [&](const DataBlock& batch, unsigned slot) {
          builder.add_fillers(batch.index * batch_blocks - builder.added());
          builder.add(digests_[slot]);
        });
    builder.add_fillers(level.entries - builder.added());
    return builder.finish();
  }

  /// Runs on the workers. Blocks of zeros in the data are as good as holes.
  static void hash_batch(std::span<const std::byte> blocks, std::size_t block_size,
                         std::span<const std::byte> filler_digest, BlockHasher& hasher,
                         std::vector<std::byte>& digests) {
    digests.resize(blocks.size() / block_size * filler_digest.size());
    for (auto out = std::span(digests); !blocks.empty(); blocks = blocks.subspan(block_size)) {
      const auto block = blocks.first(block_size);
      const auto digest = out.first(filler_digest.size());
      if (is_zero(block)) {
        std::ranges::copy(filler_digest, digest.begin());
      } else {
        hasher.hash(block, digest);
      }
      out = out.subspan(digest.size());
    }
  }

  const TreeShape& shape_;
  Context& context_;
  std::vector<BlockHasher> hashers_;             ///< by worker
  std::vector<std::vector<std::byte>> digests_;  ///< by slot
};

}  // namespace

HashTree build_hash_tree(BlobPtr data, std::uint32_t data_block_size, const TreeShape& shape, const BlockHasher& hasher,
                         Context& context) {
  return TreeBuilder(shape, hasher, context).build(std::move(data), data_block_size);
}

}  // namespace fstool::verity
