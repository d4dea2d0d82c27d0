/// \file
/// Mends damaged partition tables from what is good of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "format_overrides.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/partition_table.h"

namespace fstool {

struct TableRepair {
  std::string table;               ///< the format
  std::vector<DiskPatch> patches;  ///< empty: there is nothing to mend
};

/// What mends the table of `disk`: of the format that `overrides` name, that which recognizes it, or else the first
/// that finds enough of a table of its own. Throws Error(NotFound) if there is none, and as PartitionTable::repair().
TableRepair find_repair(const Blob& disk, const FormatOverrides& overrides, Context& context);

/// `disk` with the patches in place.
BlobPtr mended_disk(BlobPtr disk, const TableRepair& repair);

/// The disk in `file` as its bytes are, for a repair in place. Throws Error(InvalidArgument) if the file is no disk
/// itself, but a container or compressed, and says what to do instead; and as open_disk_image().
BlobPtr open_plain_disk(const std::filesystem::path& file, const FormatOverrides& overrides, Context& context);

/// Writes the patches into `file`, a raw disk or block device, and waits until they are on stable storage. Nothing else
/// of it is touched. Throws Error(Io); the patches that are not written then are those of copies that were damaged.
void write_repair(const std::filesystem::path& file, const TableRepair& repair);

}  // namespace fstool
