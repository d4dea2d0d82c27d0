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

#include "rootdevs.h"
#include "spec_values.h"
#include "variables.h"

namespace fstool {

/// A file system to be made. The keys that mean the same for every format are fields; the rest are its options.
struct FilesystemChoice {
  FormatChoice format;
  std::optional<SourceChoice> source;  ///< nothing: an empty tree
  std::optional<SizeChoice> size;      ///< Auto or Fixed
  std::optional<std::int64_t> mtime;   ///< seconds since 1970; overrides the time of every node
  RootDevices rootdevs = RootDevices::None;
  Headroom free;
};

struct PartitionChoice {
  std::string name;  ///< may be empty
  std::string type;  ///< the user's words; integers as "0x83"
  SizeChoice size;
  std::optional<std::uint64_t> offset;  ///< bytes from the start of the disk
  std::optional<FilesystemChoice> filesystem;
  LocationPtr location;
};

struct ImageChoice {
  FormatChoice table;
  SizeChoice size;  ///< Auto or Fixed
  std::uint32_t sector_size = 512;
};

/// Either `filesystem`, or `image` with one partition or more.
struct Spec {
  std::optional<std::string> seed;
  std::optional<FormatChoice> container;
  std::optional<FormatChoice> codec;
  std::optional<FilesystemChoice> filesystem;
  std::optional<ImageChoice> image;
  std::vector<PartitionChoice> partitions;
};

/// What every file system understands beside its own options, for documentation and "did you mean".
const std::vector<OptionInfo>& generic_filesystem_options();

/// Reads a file system's table, `[filesystem]` for instance. Relative sources start at `directory`.
/// Throws spec_error().
FilesystemChoice read_filesystem(const OptionTable& table, const std::string& name, const LocationPtr& location,
                                 const std::filesystem::path& directory);

/// Reads a whole spec. Throws spec_error().
Spec read_spec(const OptionTable& table, const std::string& file, const std::filesystem::path& directory);

/// Reads the spec in a file, its `${name}`s replaced from `variables`. Relative paths are relative to the file.
/// Throws spec_error() with file, line and column; Error(NotFound/Io) if the file can't be read.
Spec load_spec(const std::filesystem::path& file, const Variables& variables);

}  // namespace fstool
