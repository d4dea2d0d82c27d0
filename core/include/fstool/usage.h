/// \file
/// Usage: what each byte of a file system is used for, so that it can be shown without knowing the format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fstool/api.h"
#include "fstool/filesystem.h"
#include "fstool/tree.h"

namespace fstool {

/// What a stretch of a file system is used for.
enum class Use : std::uint8_t {
  Free,
  Metadata,      ///< the file system's own: superblocks, descriptors, bitmaps, allocation tables
  Nodes,         ///< the place of inodes, of those that are not in use too
  NodeMetadata,  ///< of nodes, but not in their inodes: block maps, extended attributes
  Journal,
  Directory,    ///< contents of directories
  Content,      ///< contents of files and targets of symbolic links
  Reserved,     ///< kept from use: room for the file system's own growth, bad blocks, boot sectors
  Unaccounted,  ///< allocated, but nothing in the file system says for what
};
inline constexpr std::size_t kUseCount = static_cast<std::size_t>(Use::Unaccounted) + 1;
/// All of them, in the order in which they are shown.
inline constexpr std::array<Use, kUseCount> kUses = {Use::Free,         Use::Metadata, Use::Nodes,
                                                     Use::NodeMetadata, Use::Journal,  Use::Directory,
                                                     Use::Content,      Use::Reserved, Use::Unaccounted};

/// The name for programs: "free", "node_metadata".
FSTOOL_API std::string_view use_name(Use use);

/// A stretch of bytes of a file system.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< at least 1
  std::uint64_t end() const noexcept { return offset + length; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct UsedRange {
  ByteRange range;
  Use use = Use::Free;
  friend bool operator==(const UsedRange&, const UsedRange&) = default;
};

/// How the content of a file lies. Contents that have no place of their own (in the inode, or empty) have no FileUsage.
struct FileUsage {
  NodeId node = 0;
  std::uint64_t allocated = 0;  ///< bytes of the file system that hold content
  /// Pieces that lie apart, at least 1. The file's own metadata may lie between two parts of one piece.
  std::uint64_t fragments = 0;
};

/// Where the content of a file lies.
struct FileRanges {
  FileUsage usage;
  std::vector<ByteRange> ranges;  ///< in the order of the content
};

/// What Filesystem::usage() finds. Memory grows with the number of files and of stretches, not with their size.
struct VolumeUsage {
  Volume volume;
  std::vector<UsedRange> ranges;    ///< from 0 to volume.facts.size without gaps; neighbours have different uses
  std::vector<FileUsage> files;     ///< by NodeId
  std::vector<FileRanges> largest;  ///< as many as were asked for, the largest (by `allocated`) first
};

/// Puts together what a file system says about its places, in any order. Not thread-safe.
class FSTOOL_API UsageBuilder {
 public:
  /// A file system of `size` bytes; `largest_files` files are to be known with their places.
  UsageBuilder(std::uint64_t size, std::size_t largest_files);

  /// A use of some bytes. What lies behind the end of the file system is left out.
  void add(ByteRange range, Use use);
  /// The file system says that these bytes are taken: Unaccounted where no add() says more.
  void add_allocated(ByteRange range);
  /// How the content of a node lies. Not a use: add() the ranges as well.
  void add_file(FileRanges file);

  /// Gives what was added to `usage`, all but its volume. Where uses overlap, the one that begins first counts.
  /// Returns the number of bytes that have more than one use. Call it once.
  std::uint64_t finish(VolumeUsage& usage);

 private:
  std::uint64_t size_;
  std::size_t largest_files_;
  std::vector<UsedRange> used_;
  std::vector<UsedRange> allocated_;
  std::vector<FileUsage> files_;
  std::vector<FileRanges> largest_;  // a heap: the smallest first
};

}  // namespace fstool
