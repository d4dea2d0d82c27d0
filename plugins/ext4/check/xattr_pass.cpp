#include "check/xattr_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "check/xattr_check.h"
#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

/// The most that the kernel takes for one value (EXT4_XATTR_SIZE_MAX).
constexpr std::uint32_t kMaxValueBytes = 1U << 24;

/// Reads blocks of attributes. Each worker has one.
struct BlockReaderOfXattrs {
  explicit BlockReaderOfXattrs(const CheckState& state)
      : groups(state.volume.blocks, state.layout(), state.copy_group),
        inodes(state.volume, groups),
        check(state.volume, inodes) {}

  GroupTable groups;
  InodeTable inodes;
  XattrCheck check;
};

struct CheckedBlock {
  Findings findings;
  XattrFacts facts;
};

void check_blocks(CheckState& state, Inventory& inventory) {
  std::vector<std::uint64_t> blocks;
  for (const auto& [block, owners] : inventory.xattr_blocks) blocks.push_back(block);
  std::sort(blocks.begin(), blocks.end());
  Context& context = state.context();
  WorkerPool& workers = context.workers();
  std::vector<std::unique_ptr<BlockReaderOfXattrs>> readers(workers.size());
  std::vector<CheckedBlock> checked(workers.slots());
  context.begin_step("checking extended attributes", blocks.size(), "blocks");
  workers.ordered(
      blocks.size(),
      [&](std::uint64_t index, unsigned worker, unsigned slot) {
        if (!readers[worker]) readers[worker] = std::make_unique<BlockReaderOfXattrs>(state);
        checked[slot] = {};
        const std::uint32_t owner = inventory.xattr_blocks.at(blocks[index]).first;
        try {
          checked[slot].facts = readers[worker]->check.check_block(blocks[index], owner, checked[slot].findings);
          const std::uint32_t count = inventory.xattr_blocks.at(blocks[index]).count;
          if (checked[slot].findings.empty() && checked[slot].facts.references != count) {
            checked[slot].findings.add(
                "the extended attributes in block {} (inode {}): they count {} inodes, and {} have them", blocks[index],
                owner, checked[slot].facts.references, count);
          }
        } catch (const Error& error) {
          if (error.code() != ErrorCode::Corrupt) throw;
          checked[slot].findings.add("the extended attributes of inode {}: {}", owner, error.what());
        }
      },
      [&](std::uint64_t index, unsigned slot) {
        checked[slot].findings.report(context, fmt::format("block {}", blocks[index]));
        if (!checked[slot].facts.oddity.empty()) context.warn(checked[slot].facts.oddity);
        for (const std::uint32_t inode : checked[slot].facts.value_inodes) ++inventory.value_references[inode];
        context.advance(1);
      });
}

/// The CRC-32C of a value; throws Error(Corrupt) if some of it is missing.
std::uint32_t hash_of(const CheckState& state, const ValueToCheck& value) {
  if (value.size > kMaxValueBytes) throw Error(ErrorCode::Corrupt, fmt::format("it has {} bytes", value.size));
  const std::uint32_t block_size = state.layout().block_size;
  std::uint32_t crc = state.layout().checksum_seed;
  std::uint64_t done = 0;
  for (const CheckedExtent& extent : value.extents) {
    if (done >= value.size) break;
    if (extent.logical * block_size != done) throw Error(ErrorCode::Corrupt, "it has a hole");
    const std::uint64_t first = state.usage.cluster_of(extent.physical);
    if (state.usage.any_shared(first, state.usage.cluster_of(extent.physical + extent.length - 1) - first + 1)) {
      throw Error(ErrorCode::Corrupt, "its blocks are not its own, and not read");
    }
    std::vector<std::byte> bytes(std::min<std::uint64_t>(std::uint64_t{extent.length} * block_size, value.size - done));
    state.volume.blocks.read(extent.physical, bytes);
    crc = crc32c(crc, bytes);
    done += bytes.size();
  }
  if (done < value.size) throw Error(ErrorCode::Corrupt, "it is cut off");
  return crc;
}

void check_value(const CheckState& state, const Inventory& inventory, const ValueToCheck& value, Findings& findings) {
  const auto references = inventory.value_references.find(value.inode);
  const std::uint64_t count = references == inventory.value_references.end() ? 0 : references->second;
  if (!value.counted) {
    if (count == 0) findings.add("inode {}: it holds an extended attribute that no file has", value.inode);
    return;
  }
  if (value.references != count) {
    findings.add("inode {}: it holds an extended attribute of {} files, and {} have it", value.inode, value.references,
                 count);
  }
  try {
    if (hash_of(state, value) != value.hash) {
      findings.add("inode {}: the hash of the extended attribute that it holds is wrong", value.inode);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    findings.add("inode {}: the extended attribute that it holds: {}", value.inode, error.what());
  }
}

void check_values(CheckState& state, const Inventory& inventory) {
  Context& context = state.context();
  WorkerPool& workers = context.workers();
  std::vector<Findings> findings(workers.slots());
  workers.ordered(
      inventory.values.size(),
      [&](std::uint64_t index, unsigned, unsigned slot) {
        check_value(state, inventory, inventory.values[index], findings[slot]);
      },
      [&](std::uint64_t index, unsigned slot) {
        findings[slot].report(context, fmt::format("inode {}", inventory.values[index].inode));
        context.check_cancelled();
      });
}

}  // namespace

void check_xattrs(CheckState& state, Inventory& inventory) {
  check_blocks(state, inventory);
  check_values(state, inventory);
}

}  // namespace fstool::ext4
