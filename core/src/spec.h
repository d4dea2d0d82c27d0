/// \file
/// Spec: what a pipeline shall do, as `pipeline.toml` says it. Nothing of a format is known here: options are kept as
/// they were written, until the format's plugin reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deferred_text.h"
#include "fstool/partition_table.h"
#include "rootdevs.h"
#include "rules/attribute_changes.h"
#include "rules/hardlinks.h"
#include "rules/owner_choice.h"
#include "rules/pattern_rules.h"
#include "rules/rule_file.h"
#include "spec_problems.h"
#include "spec_source.h"
#include "spec_values.h"

namespace fstool {

/// A file that a file system gets beside those of its source, or a name that goes.
struct EntryChoice {
  enum class Kind { File, Directory, Symlink, HardLink, CharDevice, BlockDevice, Fifo, Removal };
  Kind kind = Kind::File;
  std::string path;                           ///< '/'-separated from the root
  DeferredText content;                       ///< of a file that is written in the spec
  std::optional<std::filesystem::path> copy;  ///< of a file that the host has
  std::string target;                         ///< of a symbolic link; of a hard link, the path of its file
  DeviceNumber device;
  std::optional<std::uint16_t> permissions;  ///< the low twelve mode bits
  std::optional<OwnerChoice> owner;          ///< nothing: root, or what a directory of the source has
  std::optional<OwnerChoice> group;
  std::optional<Timestamp> mtime;  ///< nothing: that of the copied file, or of the newest
  std::vector<XattrChange> xattrs;
  LocationPtr location;
};

/// A file system to be made. The keys that mean the same for every format are fields; the rest are its options.
struct FilesystemChoice {
  FormatChoice format;
  std::vector<SourceChoice> sources;  ///< from the lowest layer up; none: an empty tree
  std::vector<PatternRule> rules;     ///< for all layers together
  OptionTable written_rules;          ///< the same as it was written, for what names the file system
  std::vector<EntryChoice> entries;
  std::optional<RuleFile> selinux_contexts;
  HardLinks hard_links = HardLinks::Keep;
  std::optional<SizeChoice> size;  ///< Auto or Fixed
  std::optional<Timestamp> mtime;  ///< overrides the time of every node
  RootDevices rootdevs = RootDevices::None;
  Headroom free;
};

/// Bytes that are taken as they are.
struct ContentChoice {
  enum class Kind { File, Image, Fill };
  Kind kind = Kind::File;
  std::string written;         ///< as the user wrote it; for messages
  std::filesystem::path path;  ///< File and Image, the latter with the partition that is meant
  std::uint8_t fill = 0;       ///< Fill: each byte
  LocationPtr location;
};

/// Bytes that are computed from those of another partition.
struct DerivationChoice {
  FormatChoice format;
  std::string from;           ///< the name of a partition that is listed before
  LocationPtr from_location;  ///< null if there is none
};

/// A partition, or bytes with a place on the disk that are none.
struct PartitionChoice {
  std::string name;  ///< may be empty
  LocationPtr name_location;
  std::optional<std::string> label;
  LocationPtr label_location;
  DeferredText uuid;  ///< empty: derived from the seed
  LocationPtr uuid_location;
  LocationPtr type_location;
  std::string type;  ///< the user's words; integers as "0x83"; empty if not in the table
  SizeChoice size;
  LocationPtr size_location;
  std::optional<std::uint64_t> offset;  ///< bytes from the start of the disk
  std::optional<std::uint64_t> align;   ///< bytes
  std::uint64_t gap = 0;                ///< bytes
  bool in_table = true;
  std::vector<DiskRange> holes;  ///< counted from its start
  // One of these at most:
  std::optional<FilesystemChoice> filesystem;
  std::optional<ContentChoice> content;
  std::optional<DerivationChoice> derivation;
  OptionTable options;  ///< the table's own
  LocationPtr location;
};

struct ImageChoice {
  FormatChoice table;
  SizeChoice size;  ///< Auto or Fixed
  std::uint32_t sector_size = 512;
  std::optional<ContentChoice> boot_code;
};

/// Either `filesystem`, or `image` with one partition or more.
struct Spec {
  std::optional<std::string> seed;
  std::optional<FormatChoice> container;
  std::optional<FormatChoice> codec;
  std::optional<FilesystemChoice> filesystem;
  std::optional<ImageChoice> image;
  std::vector<PartitionChoice> partitions;
  // Of a spec that was loaded:
  std::string identity;                      ///< names all that it says, after expansion, and where its paths start
  std::vector<std::filesystem::path> files;  ///< what it was read from
};

/// What every file system understands beside its own options, for documentation and "did you mean".
const std::vector<OptionInfo>& generic_filesystem_options();

/// Reads a file system's table, `[filesystem]` for instance. What is wrong goes to `problems`, and is as if it weren't
/// there: a type may be empty then.
FilesystemChoice read_filesystem(const OptionTable& table, const std::string& name, const LocationPtr& location,
                                 const PathBase& base, SpecProblems& problems);

/// The same. Throws spec_error() with all that is wrong.
FilesystemChoice read_filesystem(const OptionTable& table, const std::string& name, const LocationPtr& location,
                                 const PathBase& base);

/// Reads a whole spec. What is wrong goes to `problems`; then the spec is good for nothing but finding more of them, in
/// make_plan().
Spec read_spec(const OptionTable& table, const PathBase& base, SpecProblems& problems);

/// The same. Throws spec_error() with all that is wrong.
Spec read_spec(const OptionTable& table, const PathBase& base);

}  // namespace fstool
