/// \file
/// DiskImage: a file, layer by layer: the container, the disk in it, the disk's partitions, and what lies in them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format_overrides.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "fstool/usage.h"
#include "image_stream.h"

namespace fstool {

/// A part of a disk that may hold a file system: a partition, or the whole of a disk without a partition table.
struct DiskPart {
  std::optional<Partition> partition;  ///< nothing: the whole disk
  BlobPtr bytes;
  std::string filesystem;  ///< the format that recognizes it; empty: none
};

/// True for an extended partition: it has no file system, but partitions that are parts themselves.
bool holds_partitions(const DiskPart& part);

/// What a file holds. Immutable; copies share the Blobs.
struct DiskImage {
  std::filesystem::path file;         ///< empty if it is no file
  std::optional<StreamFacts> stream;  ///< nothing: the file is not compressed as a whole
  BlobPtr uncompressed;               ///< the bytes of the file, or what its stream decompresses to
  std::string container;              ///< empty: these bytes are the disk
  BlobPtr disk;
  std::optional<Layout> layout;  ///< nothing: a disk without a partition table
  std::vector<DiskPart> parts;   ///< in the order of layout->partitions; one without a table
};

/// Opens a regular file or block device and finds out what it holds, down to the kinds of its file systems, which are
/// not opened. A file is one compressed stream (see open_image_stream()) and one container in it at most: a container
/// inside another is the contents of a disk. A container may name other files, which are opened too, and keep
/// snapshots, of which `snapshot` chooses one by its id or name; empty: the disk as it is now. The container and the
/// partition table of `overrides` are not probed for; its file system is that of a disk without a table. Throws
/// Error(NotFound/Io/InvalidArgument) for a file that can't be read, Error(NotFound) for a snapshot that doesn't exist,
/// Error(Unsupported) for a format that is only written, Error(Corrupt/Unsupported) as the formats do; the chain of
/// what was done names file and layer.
DiskImage open_disk_image(const std::filesystem::path& file, const FormatOverrides& overrides, Context& context,
                          std::string_view snapshot = {});

/// The same of bytes that are no file the user named, but come from `name`: a container in them has no other file
/// opened.
DiskImage open_disk_image(BlobPtr bytes, const std::string& name, const FormatOverrides& overrides, Context& context);

/// Fills `image.parts` from its disk and layout, as open_disk_image() does. Throws Error(Corrupt) if a partition
/// reaches beyond the end of the disk.
void find_parts(DiskImage& image, const FormatOverrides& overrides, const Registry& registry);

/// Opens the file system of a part, or what `scope` wants of it. Throws Error(Unsupported) if there is none that a
/// plugin knows, saying which are known, and as Filesystem::open().
Volume open_volume(const DiskPart& part, const OpenScope& scope, Context& context);

/// The facts about a part's file system without opening all of it. Throws as open_volume().
VolumeFacts inspect_volume(const DiskPart& part, Context& context);

/// What each byte of a part's file system is used for; nothing if its format doesn't say. Throws as open_volume().
std::optional<VolumeUsage> volume_usage(const DiskPart& part, std::size_t largest_files, Context& context);

/// `partition 2 ("root"): linux, 1 GiB, ext4` for each part, a line each, indented; for messages.
std::string describe_parts(const DiskImage& image);

}  // namespace fstool
