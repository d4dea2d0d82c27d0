#include "check/inode_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "check/bitmap_comparison.h"
#include "check/inode_check.h"
#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint64_t kReadBytes = std::uint64_t{256} << 10;

/// Checks the inodes of one group after the other. Each worker has one.
class GroupInodes {
 public:
  explicit GroupInodes(CheckState& state) : state_(state), layout_(state.layout()), inodes_(state) {}

  InodeScan check(std::uint64_t group) {
    InodeScan scan;
    const GroupState& found = state_.groups[group];
    used_.assign((layout_.inodes_per_group + 7) / 8, std::byte{0});
    for (std::uint32_t index = 0; index < inodes_in(group); ++index) {
      if (first_inode(group) + index >= layout_.first_inode) break;
      mark(index);
    }
    if (found.inode_table != 0 && !found.inode_uninit) scan_table(group, scan);
    check_bitmap(group, scan);
    return scan;
  }

 private:
  std::uint32_t first_inode(std::uint64_t group) const {
    return static_cast<std::uint32_t>(group * layout_.inodes_per_group) + 1;
  }
  std::uint32_t inodes_in(std::uint64_t group) const {
    const std::uint64_t before = group * layout_.inodes_per_group;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(
        layout_.inodes_per_group, layout_.inodes - std::min<std::uint64_t>(before, layout_.inodes)));
  }
  void mark(std::uint32_t index) { used_[index / 8] |= std::byte{1} << (index % 8); }

  void scan_table(std::uint64_t group, InodeScan& scan) {
    const GroupState& found = state_.groups[group];
    const std::uint32_t count = std::min(inodes_in(group), layout_.inodes_per_group - found.unused_inodes);
    const std::uint32_t block_size = layout_.block_size;
    const std::uint64_t blocks = (std::uint64_t{count} * layout_.inode_size + block_size - 1) / block_size;
    for (std::uint64_t done = 0; done < blocks;) {
      state_.context().check_cancelled();
      const BlockReader::Stored stored = state_.volume.blocks.stored_at(found.inode_table + done, blocks - done);
      const std::uint64_t length =
          stored.missing ? stored.blocks : std::min(stored.blocks, std::max<std::uint64_t>(kReadBytes / block_size, 1));
      if (!stored.missing) {
        const auto bytes = std::make_shared<std::vector<std::byte>>(length * block_size);
        state_.volume.blocks.read(found.inode_table + done, *bytes);
        const std::uint32_t first = static_cast<std::uint32_t>(done * block_size / layout_.inode_size);
        check_stretch(group, first, count, bytes, scan);
      }
      done += length;
    }
  }

  void check_stretch(std::uint64_t group, std::uint32_t first, std::uint32_t count,
                     const std::shared_ptr<const std::vector<std::byte>>& bytes, InodeScan& scan) {
    const std::uint32_t size = layout_.inode_size;
    for (std::uint32_t index = first; index < count && (index - first + 1) * std::size_t{size} <= bytes->size();
         ++index) {
      const auto raw = std::span(*bytes).subspan((index - first) * std::size_t{size}, size);
      const std::uint32_t number = first_inode(group) + index;
      if (is_zero(raw) && number >= layout_.first_inode) continue;
      try {
        const InodeRecord record = parse_inode(number, raw, bytes);
        if (is_used_inode(state_, number, record.fields)) mark(index);
        inodes_.check(record, scan);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::Corrupt) throw;
        scan.findings.add("inode {}: {}", number, error.what());
      }
    }
  }

  void check_bitmap(std::uint64_t group, InodeScan& scan) {
    const GroupState& found = state_.groups[group];
    const auto damage = [&](const std::string& what) { scan.findings.add("group {}: {}", group, what); };
    const std::uint64_t used = count_bits(used_);
    const auto directories = static_cast<std::uint64_t>(std::count_if(
        scan.used.begin(), scan.used.end(), [](const UsedInode& inode) { return inode.kind == NodeKind::Directory; }));
    if (found.known && found.free_inodes != layout_.inodes_per_group - used) {
      damage(fmt::format("its descriptor counts {} free inodes, and there are {}", found.free_inodes,
                         layout_.inodes_per_group - used));
    }
    if (found.known && found.directories != directories) {
      damage(fmt::format("its descriptor counts {} directories, and there are {}", found.directories, directories));
    }
    if (found.inode_bitmap == 0 || found.inode_uninit) return;
    std::vector<std::byte> bitmap(layout_.block_size);
    try {
      state_.volume.blocks.read(found.inode_bitmap, bitmap);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      return damage(fmt::format("its inode bitmap can't be read: {}", error.what()));
    }
    const std::size_t bytes = layout_.inodes_per_group / 8;
    if (layout_.metadata_checksums && found.sound) {
      const std::uint32_t mask = layout_.descriptor_size > 32 ? 0xFFFFFFFF : 0xFFFF;
      if ((crc32c(layout_.checksum_seed, std::span(bitmap).first(bytes)) & mask) != found.inode_bitmap_checksum) {
        damage("the checksum of its inode bitmap is wrong");
      }
    }
    const std::string difference = compare_bitmaps(bitmap, used_, layout_.inodes_per_group, "inodes",
                                                   [&](std::uint64_t bit) { return first_inode(group) + bit; });
    if (!difference.empty()) damage("its inode bitmap: " + difference);
    if (layout_.inodes_per_group % 8 == 0 && !is_padding(std::span(bitmap).subspan(bytes))) {
      damage("the padding of its inode bitmap is not all ones");
    }
  }

  CheckState& state_;
  const Layout& layout_;
  InodeCheck inodes_;
  std::vector<std::byte> used_;
};

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void merge(Inventory& inventory, InodeScan& scan) {
  append(inventory.used, scan.used);
  append(inventory.directories, scan.directories);
  append(inventory.values, scan.values);
  for (const XattrBlockUse& use : scan.xattr_blocks) {
    XattrBlockOwners& owners = inventory.xattr_blocks[use.block];
    if (owners.count++ == 0) owners.first = use.inode;
  }
  for (const std::uint32_t inode : scan.value_inodes) ++inventory.value_references[inode];
  inventory.has_large_file |= scan.has_large_file;
}

/// The groups that have something to read. What the others count is checked here.
std::vector<std::uint64_t> groups_to_read(const CheckState& state) {
  std::vector<std::uint64_t> groups;
  for (std::uint64_t group = 0; group < state.groups.size(); ++group) {
    const GroupState& found = state.groups[group];
    const bool untouched =
        found.inode_uninit && found.free_inodes == state.layout().inodes_per_group && found.directories == 0;
    const bool unknown = !found.known && found.inode_table == 0;
    if (!untouched && !unknown) groups.push_back(group);
  }
  return groups;
}

}  // namespace

Inventory check_inodes(CheckState& state) {
  Context& context = state.context();
  WorkerPool& workers = context.workers();
  const std::vector<std::uint64_t> groups = groups_to_read(state);
  std::vector<std::unique_ptr<GroupInodes>> checkers(workers.size());
  std::vector<InodeScan> scans(workers.slots());
  Inventory inventory;
  context.begin_step("checking inodes", groups.size(), "groups");
  workers.ordered(
      groups.size(),
      [&](std::uint64_t index, unsigned worker, unsigned slot) {
        if (!checkers[worker]) checkers[worker] = std::make_unique<GroupInodes>(state);
        scans[slot] = checkers[worker]->check(groups[index]);
      },
      [&](std::uint64_t index, unsigned slot) {
        scans[slot].findings.report(context, fmt::format("group {}", groups[index]));
        merge(inventory, scans[slot]);
        context.advance(1);
      });
  if (inventory.has_large_file && !state.layout().features.has_ro_compat(kRoCompatLargeFile)) {
    context.report_damage("the superblock: there are files of 2 GiB or more, which takes the feature large_file");
  }
  return inventory;
}

}  // namespace fstool::ext4
