/// \file
/// From a tree to an archive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/tree.h"

namespace cpio {

/// Plans an archive: headers are made now, contents stay where they are. Members are the names of the tree, depth first
/// in the order of their byte values, directories before what is in them, the root as ".". Of a node with several
/// names, the last one has the content, as cpio(1) has it.
class ArchiveWriter {
 public:
  /// Warns of extended attributes, which are left out. Throws Error(Unsupported) for files and times that newc can't
  /// hold.
  ArchiveWriter(const fstool::Tree& tree, bool owners, fstool::Context& context);

  /// Bytes of the archive.
  std::uint64_t size() const { return end_; }

  /// The archive, and zeros up to `size` bytes. Call it once.
  fstool::BlobPtr finish(std::uint64_t size) { return archive_.finish(size); }

 private:
  struct Name {
    std::string path;
    fstool::NodeId node;
  };

  std::vector<Name> names(fstool::Context& context) const;
  void add(const Name& name, bool with_content);
  void append(std::string bytes);

  const fstool::Tree& tree_;
  bool owners_;
  fstool::BlobBuilder archive_;
  std::uint64_t end_ = 0;
  std::unordered_map<fstool::NodeId, std::uint32_t> inodes_;
};

}  // namespace cpio
