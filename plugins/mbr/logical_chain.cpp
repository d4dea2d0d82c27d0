#include "logical_chain.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "table_check.h"

namespace fstool::mbr {
namespace {

class ChainReader {
 public:
  ChainReader(const Blob& disk, const PartitionRecord& extended, std::uint32_t sector_size,
              const DamageListener& damage)
      : disk_(disk),
        first_(extended.starting_lba),
        end_(first_ + extended.size_in_lba),
        sector_size_(sector_size),
        damage_(damage) {}

  LogicalChain read(const Context& context) {
    std::set<std::uint64_t> seen;
    for (std::optional<std::uint64_t> at = first_; at;) {
      context.check_cancelled();
      if (!seen.insert(*at).second) {
        break_off(fmt::format("the boot record at sector {} is its own successor", *at));
        break;
      }
      if (chain_.boot_records.size() == kMaxLogical) {
        break_off(
            fmt::format("there are more than {} boot records, and what is behind those is left out", kMaxLogical));
        break;
      }
      const auto record = read_boot_record(disk_, *at, sector_size_);
      if (!record) {
        break_off(fmt::format("there is no boot record at sector {}", *at));
        break;
      }
      chain_.boot_records.push_back(*at);
      at = read_entries(*record, *at);
    }
    return std::move(chain_);
  }

 private:
  void break_off(const std::string& what) const { damage_("the chain of logical partitions: " + what); }

  /// The place of the next boot record.
  std::optional<std::uint64_t> read_entries(const MasterBootRecord& boot_record, std::uint64_t at) {
    std::optional<std::uint64_t> next;
    for (const PartitionRecord& record : boot_record.partitions) {
      if (!record.used()) continue;
      if (!is_extended(record.os_type)) {
        add(record, at + record.starting_lba);
      } else if (next) {
        break_off(fmt::format("the boot record at sector {} has two successors", at));
      } else {
        next = first_ + record.starting_lba;
      }
    }
    if (next && *next >= end_) {
      break_off(fmt::format("the boot record at sector {} is outside of the extended partition", *next));
      next.reset();
    }
    return next;
  }

  void add(const PartitionRecord& record, std::uint64_t first) {
    const auto number = static_cast<std::uint32_t>(kFirstLogical + chain_.partitions.size());
    const std::uint64_t end = first + record.size_in_lba;
    if (record.starting_lba == 0) {
      damage_(fmt::format("partition {} begins at sector {}, in its own boot record", number, first));
    }
    if (end > end_) {
      damage_(fmt::format("partition {} ends at sector {}, behind the extended partition it is in", number, end - 1));
    }
    chain_.partitions.push_back({number, record, first, end});
  }

  const Blob& disk_;
  const std::uint64_t first_;
  const std::uint64_t end_;
  const std::uint32_t sector_size_;
  const DamageListener& damage_;
  LogicalChain chain_;
};

}  // namespace

LogicalChain read_logical_chain(const Blob& disk, const PartitionRecord& extended, std::uint32_t sector_size,
                                const DamageListener& damage, const Context& context) {
  return ChainReader(disk, extended, sector_size, damage).read(context);
}

}  // namespace fstool::mbr
