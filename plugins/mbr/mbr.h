/// \file
/// The MBR partition table: four primary partitions, one of which may be an extended one that holds logical ones.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fstool/options.h"
#include "fstool/partition_table.h"
#include "fstool/size.h"

namespace fstool::mbr {

struct MbrOptions {
  Bytes alignment{1024ULL * 1024};
  std::optional<std::uint32_t> disk_signature;
};

/// Of each partition.
struct MbrPartitionOptions {
  bool bootable = false;
  std::optional<bool> logical;
};

const OptionSet<MbrOptions>& mbr_options();
const OptionSet<MbrPartitionOptions>& mbr_partition_options();

/// Writes and reads primary, extended and logical partitions; table_plan.h says which become which. An opened layout
/// lists the extended partition as well as those that lie in it. An MBR doesn't say how large its sectors are:
/// sector_size.h says what is taken.
class MbrTable : public PartitionTable {
 public:
  explicit MbrTable(MbrOptions options) : options_(options) {}

  Layout plan(const TableRequest& request, Context& context) override;
  BlobPtr compose(const TableRequest& request, const Layout& layout, std::vector<BlobPtr> contents,
                  Context& context) override;
  /// Boot sectors of file systems end in the same two bytes as an MBR, so the records must make sense too. False for
  /// the protective MBR of a GPT.
  bool probe(const Blob& disk) const override;
  Layout open(const Blob& disk, Context& context) override;
  /// The signature of the MBR is all that can be mended: there is no copy of the rest.
  std::vector<DiskPatch> repair(const Blob& disk, Context& context) override;
  void check(const Blob& disk, Context& context) override;

 private:
  MbrOptions options_;
};

}  // namespace fstool::mbr
