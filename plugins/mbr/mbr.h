/// \file
/// The MBR partition table: four primary partitions, one of which may hold logical ones.
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

const OptionSet<MbrOptions>& mbr_options();

/// Writes primary partitions, and reads logical ones too: they follow the primaries, of which the extended one that
/// they lie in is listed as well. An MBR doesn't say how large its sectors are: open() takes 512 bytes.
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
  void check(const Blob& disk, Context& context) override;

 private:
  MbrOptions options_;
};

}  // namespace fstool::mbr
