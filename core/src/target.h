/// \file
/// Target: what a command line names, and the way to a file in it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "disk_image.h"
#include "format_overrides.h"
#include "fstool/context.h"
#include "fstool/filesystem.h"
#include "fstool/tree.h"

namespace fstool {

/// The most symbolic links that are followed on the way to a file, as in the kernel.
inline constexpr unsigned kMaxLinksFollowed = 40;

/// What becomes of a symbolic link at the end of a path.
enum class LastLink { Keep, Follow };

/// A node that was found by its path.
struct LocatedNode {
  std::shared_ptr<const Tree> tree;  ///< has at least what was asked for of the node, and the directories above it
  NodeId node = Tree::kRoot;
  std::string path;  ///< from the root, without symbolic links on the way: "usr/lib/os-release"; empty: the root

  const Node& operator*() const { return tree->node(node); }
  const Node* operator->() const { return &tree->node(node); }
};

/// IMAGE, IMAGE:PARTITION, or a directory or archive that a source plugin reads. Opening finds the layers of an image;
/// the file system in it is opened when something of it is asked for, and then only as far as needed. Not thread-safe.
class Target {
 public:
  /// `text` as it was given on a command line. Whatever a source plugin accepts is read by it, unless `overrides` name
  /// layers of an image; the rest is an image. `context` must outlive the Target and all that comes out of it.
  /// Throws Error(NotFound) if there is no such file, Error(InvalidArgument) if nothing or more than one plugin reads
  /// it, and as open_disk_image().
  static Target open(const std::string& text, const FormatOverrides& overrides, Context& context);

  /// As it was given, for messages.
  const std::string& name() const noexcept { return name_; }

  /// The layers of the image; null for a directory or an archive.
  const DiskImage* image() const noexcept { return image_ ? &*image_ : nullptr; }

  /// True if a partition was named, and not the image alone.
  bool names_partition() const noexcept { return partition_.has_value(); }

  /// The part of the image that is meant: the one that was named, or the only one with a file system. Throws as
  /// choose_part(), and Error(InvalidArgument) if this is no image.
  const DiskPart& part();

  /// The bytes that are meant: those of the partition that was named, else of the whole disk as a guest sees it. Throws
  /// as part().
  BlobPtr bytes();

  /// As open_volume() and inspect_volume() of part().
  VolumeFacts facts();

  /// All of the tree. Throws as part() and open_volume(), or as the source does.
  std::shared_ptr<const Tree> tree();

  /// Finds what is at `path`: names separated by '/', from the root whether or not it begins with '/'; empty: the root.
  /// Symbolic links on the way are followed as chroot(2) would: an absolute one begins at the root again, and ".." does
  /// not leave it. A '/' at the end asks for a directory. `depth` is what is wanted of the node.
  /// Throws Error(NotFound), naming target and path, if there is nothing, the path goes through what is no directory,
  /// or has more than kMaxLinksFollowed links. Else throws as tree().
  LocatedNode locate(std::string_view path, OpenScope::Depth depth, LastLink last_link);

 private:
  Target(std::string name, Context& context) : name_(std::move(name)), context_(&context) {}

  std::shared_ptr<const Tree> open_tree(const OpenScope& scope);

  std::string name_;
  Context* context_;
  FormatOverrides overrides_;
  std::optional<DiskImage> image_;
  std::optional<std::string> partition_;
  std::optional<std::size_t> part_;    // index into image_->parts, once it is chosen
  std::shared_ptr<const Tree> whole_;  // once everything was opened
};

/// "disk.img:2: /etc/passwd": a file in a target, for messages.
std::string target_path(const Target& target, std::string_view path);

}  // namespace fstool
