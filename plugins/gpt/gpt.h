/// \file
/// The GUID partition table (UEFI 2.10, chapter 5).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fstool/options.h"
#include "fstool/partition_layout.h"
#include "fstool/partition_table.h"
#include "fstool/size.h"
#include "fstool/uuid.h"
#include "places.h"
#include "structures.h"

namespace fstool::gpt {

struct GptOptions {
  Bytes alignment{1024ULL * 1024};
  std::optional<Uuid> disk_guid;
  std::uint32_t entries = kDefaultEntries;
  std::optional<Bytes> table_offset;  ///< of the primary array
  bool backup = true;
};

const OptionSet<GptOptions>& gpt_options();

/// Falls back to the backup copy if the primary is damaged, which it reports as damage. Sectors of 512 and 4096 bytes.
class GptTable : public PartitionTable {
 public:
  explicit GptTable(GptOptions options) : options_(options) {}

  Layout plan(const TableRequest& request, Context& context) override;
  BlobPtr compose(const TableRequest& request, const Layout& layout, std::vector<BlobPtr> contents,
                  Context& context) override;
  /// A header at either end of the disk counts only behind a protective MBR: stale headers outlive a new MBR.
  bool probe(const Blob& disk) const override;
  Layout open(const Blob& disk, Context& context) override;
  BlobPtr grow(BlobPtr disk, std::uint64_t size, Context& context) override;
  std::vector<DiskPatch> repair(const Blob& disk, Context& context) override;
  void check(const Blob& disk, Context& context) override;

 private:
  /// The places on a disk of `disk_size` bytes; 0: of which the end does not matter.
  Places places(std::uint32_t sector_size, std::uint64_t disk_size) const;
  PlacementRules placement_rules(const TableRequest& request) const;

  GptOptions options_;
};

}  // namespace fstool::gpt
