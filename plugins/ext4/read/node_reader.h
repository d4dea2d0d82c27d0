/// \file
/// Makes a node of a Tree from an inode.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fstool/tree.h"
#include "read/inode_table.h"
#include "read/volume_state.h"
#include "read/xattr_reader.h"

namespace fstool::ext4 {

/// Not thread-safe.
class NodeReader {
 public:
  /// Gets a sentence about damage without the file's name.
  using Report = std::function<void(const std::string& what)>;

  /// `inodes` must outlive this.
  NodeReader(std::shared_ptr<const VolumeState> volume, InodeTable& inodes);

  /// The node; nothing if the inode is not one of a file, which has been reported then. Content that can't be had
  /// throws when it is read.
  std::optional<Node> read(const InodeRecord& record, const Report& report);

  /// What an inline directory has beyond i_block.
  std::string inline_data(const InodeRecord& record) { return xattrs_.read(record).inline_data.value_or(""); }

 private:
  BlobPtr content(const InodeRecord& record, const std::optional<std::string>& inline_data, const Report& report) const;
  BlobPtr inline_content(const InodeRecord& record, const std::string& inline_data, std::uint64_t size,
                         const Report& report) const;
  /// Empty if it has none that can be read, which has been reported then.
  std::string target(const InodeRecord& record, const std::optional<std::string>& inline_data,
                     const Report& report) const;
  std::string stored_target(const InodeRecord& record, const std::optional<std::string>& inline_data) const;

  std::shared_ptr<const VolumeState> volume_;
  XattrReader xattrs_;
};

}  // namespace fstool::ext4
