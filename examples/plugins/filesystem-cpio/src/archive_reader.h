/// \file
/// From an archive to a tree.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/tree.h"
#include "newc_header.h"

namespace cpio {

/// Reads the archives of an image one after the other, as Linux unpacks them: what a later one has takes the place of
/// what an earlier one had. Contents stay in the image. For one use.
class ArchiveReader {
 public:
  ArchiveReader(fstool::BlobPtr image, fstool::Context& context) : image_(std::move(image)), context_(context) {}

  /// Warns of what follows the archives. Throws Error(Corrupt).
  fstool::Tree read_all();

 private:
  /// Where an inode of the archive was: device and number.
  using InodeKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

  /// Where `bytes` bytes and their padding lie, behind those that were taken before. Throws Error(Corrupt).
  std::uint64_t take(std::uint64_t bytes);
  std::string take_text(std::uint64_t bytes);
  /// False behind the last member of the archive.
  bool read_member();
  /// Moves to the next byte that is not zero, or to the end.
  void skip_zeros();

  void add(const Header& header, std::string_view path);
  fstool::Node node_of(const Header& header);
  fstool::NodeId directory_at(fstool::NodeId parent, std::string_view name);
  void add_directory(fstool::NodeId parent, std::string_view name, fstool::Node node);
  /// True if the member is one more name of a file of the archive, and was added as that.
  bool add_link(const Header& header, fstool::NodeId parent, std::string_view name, const fstool::Node& node);

  fstool::BlobPtr image_;
  fstool::Context& context_;
  std::uint64_t at_ = 0;
  fstool::Tree tree_;
  std::map<InodeKey, fstool::NodeId> linked_;  // files of the archive that have several names
};

}  // namespace cpio
