/// \file
/// Runs fstool, and asks other programs what they think of the images it makes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "mount.h"
#include "process.h"

namespace fstool::e2e {

/// True if the program takes the memory that its users see: sanitizers keep shadows and quarantines.
#ifdef FSTOOL_E2E_SANITIZED
inline constexpr bool kMemoryIsComparable = false;
#else
inline constexpr bool kMemoryIsComparable = true;
#endif

/// Runs the built fstool with `arguments`.
ProcessResult run_fstool(const Command& arguments, const ProcessOptions& options = {});

/// The command that runs fstool with `arguments` as the user "nobody", who may not do anything that others may not.
Command as_nobody(const Command& arguments);

/// Runs fstool, which has to succeed without a word on standard error and to stay within 64 MiB and 400 bytes for each
/// of `nodes` nodes of the source.
void expect_fstool_builds(const Command& arguments, std::uint64_t nodes = 0, const ProcessOptions& options = {});

/// Runs a program that has to succeed, and returns what it wrote to standard output.
std::string expect_success(const Command& command, const ProcessOptions& options = {});

/// Writes `text` to a file.
void write_text(const std::filesystem::path& path, const std::string& text);
/// The whole file.
std::string read_text(const std::filesystem::path& path);

/// Where a file system lies in a disk image. size 0: to the end.
struct Extent {
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t size = 0;    ///< bytes
};

/// `e2fsck -fn` has nothing to say against the ext4 file system at `offset` bytes.
void expect_clean_ext4(const std::filesystem::path& image, std::uint64_t offset = 0);

/// The mounted ext4 file system has the same tree as `source`.
void expect_mounted_equals(const std::filesystem::path& image, const std::filesystem::path& source,
                           const Extent& extent = {});

/// The fields that `dumpe2fs -h` prints, "Free blocks" for instance.
std::map<std::string, std::string> ext4_fields(const std::filesystem::path& image);
/// A field that is a number.
std::uint64_t ext4_number(const std::map<std::string, std::string>& fields, const std::string& name);

/// The partitions that `sfdisk --json` sees in a raw image.
std::vector<Extent> partitions_of(const std::filesystem::path& image);

/// Lower-case hexadecimal, by sha256sum.
std::string sha256(const std::filesystem::path& file);

/// The number of nodes below a directory, and itself; a hard link counts once for each name.
std::uint64_t count_nodes(const std::filesystem::path& directory);

}  // namespace fstool::e2e
