#include "check/bitmap_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "check/bitmap_comparison.h"
#include "check/findings.h"
#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

/// Groups that are checked one after the other by one worker.
constexpr std::uint64_t kBatch = 64;

struct CheckedGroups {
  Findings findings;
  std::uint64_t free_clusters = 0;
};

class GroupBlocks {
 public:
  GroupBlocks(const CheckState& state, CheckedGroups& result)
      : state_(state), layout_(state.layout()), result_(result) {}

  void check(std::uint64_t group) {
    const GroupState& found = state_.groups[group];
    const std::uint64_t bits = layout_.blocks_per_group / layout_.cluster_ratio;
    const std::uint64_t count = state_.clusters_in_group(group);
    std::vector<std::byte> used(bits / 8);
    state_.usage.copy_bitmap(group * bits, used);
    const std::uint64_t used_count = count_bits(used);
    const std::uint64_t free = count - std::min(count, used_count);
    result_.free_clusters += free;
    const auto damage = [&](const std::string& what) { result_.findings.add("group {}: {}", group, what); };
    if (found.known && found.free_clusters != free) {
      damage(fmt::format("its descriptor counts {} free {}, and there are {}", found.free_clusters, things(), free));
    }
    if (found.block_uninit) {
      if (used_count != found.metadata_clusters) {
        damage(fmt::format("{} of its {} are in use, but it has no block bitmap", used_count - found.metadata_clusters,
                           things()));
      }
    } else if (found.block_bitmap != 0) {
      check_bitmap(group, used, count);
    }
  }

 private:
  std::string_view things() const { return layout_.cluster_ratio > 1 ? "clusters" : "blocks"; }

  void check_bitmap(std::uint64_t group, std::span<const std::byte> used, std::uint64_t count) {
    const GroupState& found = state_.groups[group];
    const auto damage = [&](const std::string& what) { result_.findings.add("group {}: {}", group, what); };
    std::vector<std::byte> bitmap(layout_.block_size);
    try {
      state_.volume.blocks.read(found.block_bitmap, bitmap);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      return damage(fmt::format("its block bitmap can't be read: {}", error.what()));
    }
    if (layout_.metadata_checksums && found.sound) {
      const std::uint32_t mask = layout_.descriptor_size > 32 ? 0xFFFFFFFF : 0xFFFF;
      const std::uint32_t crc = crc32c(layout_.checksum_seed, std::span(bitmap).first(used.size()));
      if ((crc & mask) != found.block_bitmap_checksum) damage("the checksum of its block bitmap is wrong");
    }
    const std::string difference = compare_bitmaps(bitmap, used, count, things(), [&](std::uint64_t bit) {
      return state_.usage.first_block_of(group * used.size() * 8 + bit);
    });
    if (!difference.empty()) damage("its block bitmap: " + difference);
    if (!is_padding(std::span(bitmap).subspan(used.size()))) {
      damage("the padding of its block bitmap is not all ones");
    }
  }

  const CheckState& state_;
  const Layout& layout_;
  CheckedGroups& result_;
};

std::uint64_t check_all_groups(CheckState& state) {
  Context& context = state.context();
  WorkerPool& workers = context.workers();
  const std::uint64_t groups = state.groups.size();
  std::vector<CheckedGroups> checked(workers.slots());
  std::uint64_t free_clusters = 0;
  context.begin_step("checking block bitmaps", groups, "groups");
  workers.ordered((groups + kBatch - 1) / kBatch,
                  [&](std::uint64_t batch, unsigned, unsigned slot) {
                    checked[slot] = {};
                    GroupBlocks blocks(state, checked[slot]);
                    const std::uint64_t end = std::min((batch + 1) * kBatch, groups);
                    for (std::uint64_t group = batch * kBatch; group < end; ++group) blocks.check(group);
                  },
                  [&](std::uint64_t batch, unsigned slot) {
                    checked[slot].findings.report(context, fmt::format("groups from {} on", batch * kBatch));
                    free_clusters += checked[slot].free_clusters;
                    context.advance(std::min(kBatch, groups - batch * kBatch));
                  });
  return free_clusters;
}

}  // namespace

void check_block_bitmaps(CheckState& state) {
  const std::uint64_t free_blocks = check_all_groups(state) * state.layout().cluster_ratio;
  std::uint64_t free_inodes = 0;
  for (const GroupState& group : state.groups) free_inodes += group.free_inodes;
  // The kernel counts the groups' when it mounts, and writes the superblock's when it unmounts.
  if (state.recovered || state.groups.size() < state.layout().groups) return;
  const Superblock& superblock = state.superblock;
  std::uint64_t recorded = superblock.free_blocks_count_lo;
  if (state.layout().features.has_incompat(kIncompat64bit)) {
    recorded |= std::uint64_t{superblock.free_blocks_count_hi} << 32;
  }
  const auto report = [&](const std::string& what) {
    if ((superblock.state & kStateClean) != 0) return state.context().report_damage(what);
    state.context().warn(what + ", as it was not unmounted");
  };
  if (recorded != free_blocks) {
    report(fmt::format("the superblock: it counts {} free blocks, and there are {}", recorded, free_blocks));
  }
  if (superblock.free_inodes_count != free_inodes) {
    report(fmt::format("the superblock: it counts {} free inodes, and its groups have {}",
                       superblock.free_inodes_count.value(), free_inodes));
  }
}

}  // namespace fstool::ext4
