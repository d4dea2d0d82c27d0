// A partition table of one sector, and what the kit says if it breaks a promise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "broken.h"
#include "fstool/partition_layout.h"

namespace fstool::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

enum class Fault {
  None,
  StoresAnotherSize,
  IgnoresOffsets,
  IgnoresLargeContents,
  MisplacesContents,
  TakesAnyType,
  Counts,
  IsForOneThread,
  RecognizesAnything,
  CallsItselfDamaged,
  GrowsToAnotherSize,
  MendsForever,
  OptionLosesPartitions,
  TakesAnyPartitionOption,
  BootCodeOverTheTable,
  CrashesOnDamage,
  TellsPartitionsOutside,
};

constexpr std::string_view kMagic = "row-of-partitions";

struct RowOptions {
  bool odd = false;
};

/// What the table stores of a partition.
struct Entry {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class Row final : public PartitionTable {
 public:
  Row(Fault fault, RowOptions options) : fault_(fault), options_(options) {}

  Layout plan(const TableRequest& request, Context& /*context*/) override {
    std::thread::id nobody;
    const std::thread::id here = std::this_thread::get_id();
    const bool is_first = user_.compare_exchange_strong(nobody, here);
    if (fault_ == Fault::IsForOneThread && !is_first && user_ != here) crash();
    for (const PartitionRequest& partition : request.partitions) {
      const bool known = !partition.in_table || partition.type == "linux" || fault_ == Fault::TakesAnyType;
      if (!known) throw Error(ErrorCode::InvalidArgument, "an unknown type");
      if (!partition.options.empty() && fault_ != Fault::TakesAnyPartitionOption) {
        throw Error(ErrorCode::InvalidSpec, "an unknown option");
      }
    }
    PlacementRules rules;
    rules.table = "row";
    rules.first_usable = 4096;
    rules.structures = {{"row", 0, 4096}};
    rules.max_partitions = 16;
    const Placement placement = place_partitions(request, rules);
    Layout layout;
    layout.table = "row";
    layout.disk_size = placement.disk_size;
    layout.sector_size = request.sector_size;
    layout.structures = rules.structures;
    for (std::size_t i = 0; i < request.partitions.size(); ++i) {
      Partition partition = partition_of(layout, placement.partitions[i].offset, placement.partitions[i].size);
      if (!request.partitions[i].in_table) partition.number = 0;
      if (fault_ == Fault::IgnoresOffsets && request.partitions[i].offset) partition.offset += 4096;
      layout.partitions.push_back(partition);
    }
    return layout;
  }

  BlobPtr compose(const TableRequest& request, const Layout& layout, std::vector<BlobPtr> contents,
                  Context& /*context*/) override {
    ByteVector table;
    put_text(table, kMagic);
    put(table, std::uint32_t{request.sector_size});
    put(table, std::uint32_t{fault_ == Fault::Counts ? ++disks_ : 0});
    std::uint64_t count = 0;
    ByteVector entries;
    for (const Partition& partition : layout.partitions) {
      if (partition.number == 0) continue;
      if (options_.odd && fault_ == Fault::OptionLosesPartitions) continue;
      put(entries, Entry{partition.offset, partition.size - (fault_ == Fault::StoresAnotherSize ? 512 : 0)});
      ++count;
    }
    put(table, count);
    table.insert(table.end(), entries.begin(), entries.end());
    if (request.boot_code && fault_ == Fault::BootCodeOverTheTable) {
      const ByteVector code = read_all(*request.boot_code, 1 << 20U);
      std::ranges::copy(std::span(code).first(std::min(code.size(), table.size())), table.begin());
    } else if (request.boot_code) {
      throw Error(ErrorCode::Unsupported, "no boot code");
    }
    BlobBuilder builder;
    builder.add(0, make_memory_blob(table));
    if (fault_ == Fault::IgnoresLargeContents) {
      for (BlobPtr& content : contents) content = nullptr;
    }
    if (fault_ == Fault::MisplacesContents) std::ranges::reverse(contents);
    add_partition_contents(builder, layout, std::move(contents));
    return builder.finish(layout.disk_size);
  }

  bool probe(const Blob& disk) const override {
    if (fault_ == Fault::RecognizesAnything) return true;
    if (disk.size() < 4096) return false;
    ByteVector magic(kMagic.size());
    disk.read(0, magic);
    return std::memcmp(magic.data(), kMagic.data(), kMagic.size()) == 0;
  }

  Layout open(const Blob& disk, Context& context) override {
    if (!probe(disk) || disk.size() < 4096) {
      if (fault_ == Fault::CrashesOnDamage) crash();
      throw Error(ErrorCode::Corrupt, "no table");
    }
    if (fault_ == Fault::CallsItselfDamaged) context.report_damage("it is damaged");
    ByteVector bytes(4096);
    disk.read(0, bytes);
    ByteReader reader(bytes);
    reader.take(kMagic.size());
    Layout layout;
    layout.table = "row";
    layout.disk_size = disk.size();
    layout.sector_size = reader.number<std::uint32_t>();
    layout.structures = {{"row", 0, 4096}};
    reader.number<std::uint32_t>();
    for (auto count = reader.number<std::uint64_t>(); count > 0; --count) {
      const auto entry = reader.number<Entry>();
      const bool inside = entry.size > 0 && entry.offset <= disk.size() && entry.size <= disk.size() - entry.offset;
      if (!inside && fault_ != Fault::TellsPartitionsOutside) throw Error(ErrorCode::Corrupt, "a partition is outside");
      layout.partitions.push_back(partition_of(layout, entry.offset, entry.size));
    }
    return layout;
  }

  BlobPtr grow(BlobPtr disk, std::uint64_t size, Context& context) override {
    open(*disk, context);
    return make_padded_blob(std::move(disk), size + (fault_ == Fault::GrowsToAnotherSize ? 512 : 0));
  }

  std::vector<DiskPatch> repair(const Blob& /*disk*/, Context& /*context*/) override {
    if (fault_ == Fault::MendsForever) return {{0, ByteVector(1, std::byte{'r'}), "first byte"}};
    return {};
  }

 private:
  static Partition partition_of(const Layout& layout, std::uint64_t offset, std::uint64_t size) {
    Partition partition;
    partition.number = 1;
    for (const Partition& other : layout.partitions) partition.number += other.number > 0 ? 1 : 0;
    partition.type = "linux";
    partition.offset = offset;
    partition.size = size;
    return partition;
  }

  const Fault fault_;
  const RowOptions options_;
  unsigned disks_ = 0;
  std::atomic<std::thread::id> user_;
};

conformance::FormatResult result_with(Fault fault) {
  Registry registry;
  auto format = make_format<PartitionTable>(
      "row", "Partitions in a row.", OptionSet<RowOptions>().add("odd", &RowOptions::odd, "Makes no difference."),
      [fault](RowOptions options) { return std::make_unique<Row>(fault, options); });
  registry.add(std::move(format));
  return test_only_format<PartitionTable>(registry);
}

std::vector<std::string> failures_with(Fault fault) { return failed_checks(result_with(fault)); }

TEST(ConformanceOfPartitionTables, FindsNothingWrongWithAGoodOne) {
  const auto result = result_with(Fault::None);
  EXPECT_TRUE(result.passed()) << findings_of(result);
}

TEST(ConformanceOfPartitionTables, FindsPlacesThatAreOthersThanPlanned) {
  EXPECT_THAT(failures_with(Fault::StoresAnotherSize), Contains("agreement"));
  EXPECT_THAT(failures_with(Fault::IgnoresOffsets), Contains("agreement"));
}

TEST(ConformanceOfPartitionTables, FindsContentsThatAreNotInTheirPlaces) {
  EXPECT_THAT(failures_with(Fault::IgnoresLargeContents), ElementsAre("contents"));
  EXPECT_THAT(failures_with(Fault::MisplacesContents), Contains("contents"));
}

TEST(ConformanceOfPartitionTables, FindsATypeThatIsNotRefused) {
  EXPECT_THAT(failures_with(Fault::TakesAnyType), ElementsAre("refusals"));
}

TEST(ConformanceOfPartitionTables, FindsBytesThatDependOnEarlierDisks) {
  EXPECT_THAT(failures_with(Fault::Counts), Contains("determinism"));
}

TEST(ConformanceOfPartitionTables, FindsObjectsThatAreNotThreadSafe) {
  EXPECT_THAT(failures_with(Fault::IsForOneThread), ElementsAre("threads"));
}

TEST(ConformanceOfPartitionTables, FindsAProbeThatIsWrong) {
  EXPECT_THAT(failures_with(Fault::RecognizesAnything), Contains("probe"));
}

TEST(ConformanceOfPartitionTables, FindsDamageThatIsNone) {
  EXPECT_THAT(failures_with(Fault::CallsItselfDamaged), Contains("own_check"));
}

TEST(ConformanceOfPartitionTables, FindsADiskThatGrowsToAnotherSize) {
  EXPECT_THAT(failures_with(Fault::GrowsToAnotherSize), ElementsAre("growth"));
}

TEST(ConformanceOfPartitionTables, FindsARepairWithoutAnEnd) {
  EXPECT_THAT(failures_with(Fault::MendsForever), Contains("repair"));
}

TEST(ConformanceOfPartitionTables, FindsOptionsThatBreakTheTable) {
  EXPECT_THAT(failures_with(Fault::OptionLosesPartitions), ElementsAre("options"));
  EXPECT_THAT(failures_with(Fault::TakesAnyPartitionOption), ElementsAre("partition_options"));
}

TEST(ConformanceOfPartitionTables, FindsBootCodeThatLiesOverTheTable) {
  EXPECT_THAT(failures_with(Fault::BootCodeOverTheTable), ElementsAre("boot_code"));
}

TEST(ConformanceOfPartitionTables, FindsDamageThatIsNotRefused) {
  EXPECT_THAT(failures_with(Fault::CrashesOnDamage), Contains("damage"));
  EXPECT_THAT(failures_with(Fault::TellsPartitionsOutside), Contains("damage"));
}

}  // namespace
}  // namespace fstool::test
