/// \file
/// Reads directories: linear and hashed ones, and those that lie in their inode.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "read/block_claims.h"
#include "read/directory_block.h"
#include "read/inode_table.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// Reads each block once: a second directory that has it is damaged. So there are never more names than the image has
/// room for. Not thread-safe.
class DirectoryReader {
 public:
  /// Gets a name that a Tree can hold, except that it may not be the only one of its kind. The name is valid during the
  /// call.
  using Sink = std::function<void(std::string_view name, std::uint32_t inode)>;
  /// Gets a sentence about damage without the directory's name.
  using Report = std::function<void(const std::string& what)>;

  /// `volume` must outlive this.
  explicit DirectoryReader(const VolumeState& volume);

  /// Gives all names that can be read to `sink`. `parent` is the inode of the directory that holds this one.
  /// `inline_data` is what an inline directory has beyond i_block.
  void read(const InodeRecord& directory, std::uint32_t parent, std::string_view inline_data, const Sink& sink,
            const Report& report);

 private:
  /// The directory being read.
  struct Job {
    const InodeRecord& directory;
    std::uint32_t parent;
    const Sink& sink;
    const Report& report;
    EntryFormat format;
    std::optional<std::uint8_t> hash_version;  // for the names of an encrypted directory
  };

  void read_inline(Job& job, std::string_view inline_data);
  void read_blocks(Job& job);
  void read_extent(Job& job, const MappedExtent& extent);
  void read_block(Job& job, std::uint64_t logical, std::span<const std::byte> block);
  void check_dots(const Job& job, const std::vector<StoredName>& names) const;
  void emit(const Job& job, const StoredName& name) const;
  NameHash hash_of(const Job& job, const StoredName& name) const;

  const VolumeState& volume_;
  BlockClaims claims_;
  std::vector<std::byte> buffer_;
  std::vector<StoredName> names_;
};

}  // namespace fstool::ext4
