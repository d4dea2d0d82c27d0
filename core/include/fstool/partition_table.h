/// \file
/// PartitionTable: many Blobs become one disk, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/options.h"
#include "fstool/uuid.h"

namespace fstool {

/// A range of a disk, in bytes.
struct DiskRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t end() const noexcept { return offset + size; }  ///< the first byte behind it
};

/// A partition as it is asked for, or bytes that have a place on the disk without being one: the table says nothing of
/// them.
struct PartitionRequest {
  std::string name;  ///< may be empty; used in messages and, where the table has names, stored
  std::string type;  ///< the user's words: a short name, "0x83", or a GUID; empty if not in_table
  /// Bytes; 0: none was given, and the table has to know it; nothing: all that remains (at most one such partition).
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> offset;          ///< bytes from the start of the disk; nothing: the next aligned place
  std::optional<std::uint64_t> alignment = {};  ///< bytes; nothing: the table's own
  std::uint64_t gap = 0;  ///< bytes that are left free in front of it, at least; only of one without an offset
  bool in_table = true;
  /// Of what is not in the table: the parts, counted from its start, that it leaves to others.
  std::vector<DiskRange> holes = {};
  std::optional<std::string> label = {};  ///< the name to store in place of `name`
  std::optional<std::string> uuid = {};   ///< nothing: derived from the seed
  OptionTable options = {};               ///< what the format declares as FormatInfo::partition_options
};

struct TableRequest {
  std::vector<PartitionRequest> partitions;
  std::optional<std::uint64_t> disk_size;  ///< bytes; nothing: just large enough
  Seed seed;                               ///< for disk and partition identifiers
  std::uint32_t sector_size = 512;         ///< bytes; 512 or 4096
  BlobPtr boot_code = nullptr;             ///< what a BIOS runs, for the start of the first sector; null: none
};

/// A partition in its place.
struct Partition {
  std::uint32_t number = 0;  ///< as the kernel counts: from 1; 0: not in the table
  std::string name;
  std::string type;          ///< the table's own notation: "0x83", a GUID
  std::string type_name;     ///< the short name if the type is known, else empty
  std::string uuid;          ///< the table's own notation; may be empty
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t size = 0;    ///< bytes
  /// The table's own flags, as stored: the attribute bits of a GPT entry, the boot indicator of an MBR record.
  std::uint64_t attributes = 0;
  /// True for an extended partition: what lies in it is listed as partitions of their own.
  bool holds_partitions = false;
};

/// A part of a disk that is the table's own.
struct TableStructure {
  std::string name;          ///< in the table's own words: "GPT header"
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t size = 0;    ///< bytes
};

/// Bytes to be written to a disk to mend its table.
struct DiskPatch {
  std::uint64_t offset = 0;  ///< bytes
  std::vector<std::byte> bytes;
  std::string what;  ///< in the table's own words: "primary GPT header"
};

/// A disk's partitions: of plan() in the order asked for, then those that the table needs beside them (an extended
/// partition); of open() in the order of their numbers.
struct Layout {
  std::string table;            ///< "gpt", "mbr"
  std::string disk_id;          ///< GUID or "0x" and eight digits
  std::uint64_t disk_size = 0;  ///< bytes
  std::uint32_t sector_size = 512;
  std::vector<Partition> partitions;
  std::vector<TableStructure> structures;  ///< by offset, inside the disk
};

/// One kind of partition table. Thread-safe.
class FSTOOL_API PartitionTable {
 public:
  virtual ~PartitionTable();

  /// Finds everything its place. Throws Error(InvalidArgument) or spec_error() for what the table can't express
  /// (unknown type, name too long, too many partitions), Error(NoSpace) for partitions that overlap or don't fit,
  /// naming them and drawing the disk. The same request gives the same layout.
  virtual Layout plan(const TableRequest& request, Context& context) = 0;

  /// The disk: the table's own structures, and `contents[i]` at the place of layout.partitions[i], where `layout` is
  /// what plan() says of `request`. A null content is a hole, as is one that isn't given; one that is shorter than its
  /// partition is followed by a hole; a longer one is Error(NoSpace). Contents that are not in the table are left to
  /// the caller, who lays them over the disk.
  virtual BlobPtr compose(const TableRequest& request, const Layout& layout, std::vector<BlobPtr> contents,
                          Context& context) = 0;

  /// True if `disk` has this kind of table, and not one of another kind that looks like it (the protective MBR of a
  /// GPT) or a boot sector. Never throws on damaged bytes. Where several say true, the first in the order of names is
  /// taken.
  virtual bool probe(const Blob& disk) const = 0;

  /// Reads the table, whose partitions lie inside the disk. Damage that can be read around goes to
  /// context.report_damage(). Throws Error(Corrupt/Unsupported). The default says that this format is only written.
  virtual Layout open(const Blob& disk, Context& context);

  /// `disk`, which has such a table, on a larger disk of `size` bytes: what belongs at its end moves there, and what
  /// the table says of the disk's size follows. The partitions stay what they are. Throws as open(),
  /// Error(InvalidArgument) for a size that the table can't express, and Error(NoSpace) if the table doesn't fit
  /// behind the partitions. The default puts zeros behind the disk.
  virtual BlobPtr grow(BlobPtr disk, std::uint64_t size, Context& context);

  /// What has to be written to `disk` so that every copy of the table is good again, from the copies that are; empty
  /// if they all are. Nothing that is good is written over. Throws Error(Corrupt) if no copy is good enough. The
  /// default says that this format has nothing to mend a table from.
  virtual std::vector<DiskPatch> repair(const Blob& disk, Context& context);

  /// Tells context.report_damage() everything that is wrong with the table, as Filesystem::check(). Throws
  /// Error(Corrupt) if the disk has nothing of such a table: damage that keeps probe() from being true is told all the
  /// same. The default opens it.
  virtual void check(const Blob& disk, Context& context);
};

}  // namespace fstool
