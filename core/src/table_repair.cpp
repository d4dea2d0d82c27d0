#include "table_repair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "disk_image.h"
#include "file_descriptor.h"
#include "format_probe.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "output_target.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

/// What a format finds to mend on a disk that it doesn't recognize; nothing if it finds nothing of its own.
std::optional<TableRepair> try_format(const Format<PartitionTable>& format, const Blob& disk, Context& context) {
  try {
    TableRepair repair{format.info.name, format.create({})->repair(disk, context)};
    if (repair.patches.empty()) return std::nullopt;
    return repair;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    return std::nullopt;
  }
}

}  // namespace

TableRepair find_repair(const Blob& disk, const FormatOverrides& overrides, Context& context) {
  const Registry& registry = context.registry();
  if (const auto table = choose_format<PartitionTable>(registry, overrides.partition_table, disk)) {
    return {table->name, table->format->repair(disk, context)};
  }
  for (const auto& [name, format] : registry.all<PartitionTable>()) {
    if (auto repair = try_format(format, disk, context)) return *std::move(repair);
  }
  throw Error(ErrorCode::NotFound, fmt::format("nothing is left of a partition table that a plugin knows ({})",
                                               format_names<PartitionTable>(registry)));
}

BlobPtr mended_disk(BlobPtr disk, const TableRepair& repair) {
  std::vector<BlobPiece> pieces;
  for (const DiskPatch& patch : repair.patches) {
    pieces.push_back({patch.offset, make_memory_blob(patch.bytes), 0, patch.bytes.size()});
  }
  return make_overlaid_blob(std::move(disk), std::move(pieces));
}

BlobPtr open_plain_disk(const fs::path& file, const FormatOverrides& overrides, Context& context) {
  FormatOverrides without_table = overrides;
  without_table.partition_table = kNoPartitionTable;
  const DiskImage image = open_disk_image(file, without_table, context);
  // Formats whose disk has the bytes of the file in their places, such as "raw", hide nothing.
  if (!image.stream && image.disk == image.uncompressed) return image.disk;
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{} is {}, whose disk can't be changed in place: write the mended disk to another image with "
                          "-o FILE",
                          file.string(), image.stream ? "a compressed stream" : "a " + image.container + " image"));
}

void write_repair(const fs::path& file, const TableRepair& repair) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) throw system_error(file.string(), errno);
  const int exclusive = S_ISBLK(status.st_mode) ? O_EXCL : 0;  // refuses a device that is mounted
  const FileDescriptor target(::open(file.c_str(), O_RDWR | O_CLOEXEC | exclusive));
  if (!target) throw system_error(fmt::format("opening {} for writing", file.string()), errno);
  for (const DiskPatch& patch : repair.patches) write_all(target.get(), file, patch.offset, patch.bytes);
  if (::fsync(target.get()) != 0) throw system_error(file.string(), errno);
}

}  // namespace fstool
