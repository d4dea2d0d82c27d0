/// \file
/// The GUID partition table (UEFI 2.10, chapter 5).
#pragma once

#include <optional>
#include <vector>

#include "fstool/options.h"
#include "fstool/partition_table.h"
#include "fstool/size.h"
#include "fstool/uuid.h"

namespace fstool::gpt {

struct GptOptions {
  Bytes alignment{1024ULL * 1024};
  std::optional<Uuid> disk_guid;
};

const OptionSet<GptOptions>& gpt_options();

/// Writes tables of 128 entries; reads any, and falls back to the backup copy if the primary is damaged, which it
/// reports as damage. Sectors of 512 and 4096 bytes.
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
  void check(const Blob& disk, Context& context) override;

 private:
  GptOptions options_;
};

}  // namespace fstool::gpt
