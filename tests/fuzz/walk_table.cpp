#include "walk_table.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fstool/blob.h"
#include "fstool/size.h"
#include "walk_blob.h"
#include "walking.h"

namespace fstool::fuzz {

namespace {

using ByteVector = std::vector<std::byte>;

constexpr std::uint64_t kLargestSector = 4096;
constexpr std::uint64_t kGrowth = 1024 * 1024;

bool lies_in(std::uint64_t offset, std::uint64_t size, std::uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

void check_layout(const Layout& layout, std::uint64_t disk_size) {
  require(layout.disk_size == disk_size, "the table is of another disk");
  std::uint32_t number = 0;
  for (const Partition& partition : layout.partitions) {
    require(partition.number > number, "partitions are not in the order of their numbers");
    require(partition.size > 0 && lies_in(partition.offset, partition.size, disk_size),
            "a partition lies outside of the disk");
    number = partition.number;
  }
  std::uint64_t offset = 0;
  for (const TableStructure& structure : layout.structures) {
    require(structure.offset >= offset, "structures are not in the order of their offsets");
    require(structure.size > 0 && lies_in(structure.offset, structure.size, disk_size),
            "a structure lies outside of the disk");
    offset = structure.offset;
  }
}

bool have_same_partitions(const Layout& a, const Layout& b) {
  return std::ranges::equal(a.partitions, b.partitions, [](const Partition& x, const Partition& y) {
    const auto facts = [](const Partition& partition) {
      return std::tie(partition.number, partition.name, partition.type, partition.uuid, partition.offset,
                      partition.size, partition.attributes);
    };
    return facts(x) == facts(y);
  });
}

class TableWalk {
 public:
  TableWalk(PartitionTable& table, std::span<const std::byte> disk, const Registry& registry)
      : table_(table), listening_(registry), bytes_(disk.begin(), disk.end()), disk_(make_memory_blob(bytes_)) {}

  void walk() {
    table_.probe(*disk_);
    was_clean_ = is_clean(*disk_);
    before_ = open(*disk_);
    walk_repair();
    if (before_) walk_growth();
  }

 private:
  /// What the table is, unless it is refused.
  std::optional<Layout> open(const Blob& disk) {
    std::optional<Layout> layout;
    tolerate([&] { layout = table_.open(disk, listening_.get()); });
    if (layout) check_layout(*layout, disk.size());
    return layout;
  }

  bool is_clean(const Blob& disk) {
    listening_.take_damage();
    return tolerate([&] { table_.check(disk, listening_.get()); }) && listening_.take_damage().empty();
  }

  std::vector<DiskPatch> repair(const Blob& disk) {
    std::vector<DiskPatch> patches;
    tolerate([&] { patches = table_.repair(disk, listening_.get()); }, {ErrorCode::NoSpace});
    return patches;
  }

  void walk_repair() {
    const std::vector<DiskPatch> patches = repair(*disk_);
    if (patches.empty()) return;
    require(!was_clean_, "a table is mended that nobody called damaged");
    ByteVector bytes = bytes_;
    for (const DiskPatch& patch : patches) {
      require(!patch.what.empty(), "a patch doesn't say what it is");
      require(!patch.bytes.empty() && lies_in(patch.offset, patch.bytes.size(), bytes.size()),
              "a patch lies outside of the disk");
      std::ranges::copy(patch.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(patch.offset));
      if (before_) require_partitions(*make_memory_blob(bytes), "a table that was mended in part has other partitions");
    }
    const BlobPtr mended = make_memory_blob(std::move(bytes));
    require(open(*mended).has_value(), "a mended table can't be opened");
    require(repair(*mended).empty(), "a mended table is to be mended again");
    require_nothing_to_mend(*mended);
  }

  /// No more damage of which it is said that a repair mends it.
  void require_nothing_to_mend(const Blob& mended) {
    listening_.take_damage();
    tolerate([&] { table_.open(mended, listening_.get()); });
    tolerate([&] { table_.check(mended, listening_.get()); });
    const std::vector<std::string> damage = listening_.take_damage();
    const bool any = std::ranges::any_of(
        damage, [](const std::string& message) { return message.find("repair-table") != std::string::npos; });
    require(!any, "a mended table has damage that can be mended");
  }

  void require_partitions(const Blob& disk, const char* what) {
    const std::optional<Layout> layout = open(disk);
    require(layout && have_same_partitions(*layout, *before_), what);
  }

  void walk_growth() {
    const std::uint64_t size = round_up(disk_->size(), kLargestSector) + kGrowth;
    BlobPtr grown;
    tolerate([&] { grown = table_.grow(disk_, size, listening_.get()); },
             {ErrorCode::NoSpace, ErrorCode::InvalidArgument});
    if (!grown) return;
    require(grown->size() == size, "a disk has grown to another size");
    read_runs(*grown);
    require_partitions(*grown, "a disk that has grown has other partitions");
    require(!was_clean_ || is_clean(*grown), "a disk that has grown is damaged");
  }

  PartitionTable& table_;
  ListeningContext listening_;
  const ByteVector bytes_;
  const BlobPtr disk_;
  bool was_clean_ = false;        ///< check() found nothing
  std::optional<Layout> before_;  ///< of the disk as it is, if it can be opened
};

}  // namespace

void walk_table(PartitionTable& table, std::span<const std::byte> disk, const Registry& registry) {
  TableWalk(table, disk, registry).walk();
}

}  // namespace fstool::fuzz
