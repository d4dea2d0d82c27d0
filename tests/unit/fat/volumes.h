/// \file
/// Formats, opens and checks FAT file systems in memory, and asks dosfstools and mtools about them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem.h"
#include "fstool/registry.h"

namespace fstool::fat {

/// A Context that keeps what it hears.
class Heard {
 public:
  explicit Heard(bool strict = false);

  Context& context() { return *context_; }
  std::vector<std::string> warnings() const;
  const std::vector<std::string>& damage() const { return damage_; }

 private:
  struct Listener;
  std::shared_ptr<Listener> listener_;
  std::vector<std::string> damage_;
  Registry registry_;
  std::unique_ptr<Context> context_;
};

/// A volume that was opened, with what was heard meanwhile.
struct Opened {
  std::unique_ptr<Heard> heard;
  Volume volume;

  const Tree& tree() const { return volume.tree; }
  /// The node at a path, which must exist.
  const Node& at(std::string_view path) const;
};

Opened open_image(BlobPtr image, const OpenScope& scope = {});

/// What check() says of an image: damage, then warnings behind "warning: ".
std::vector<std::string> check_image(BlobPtr image);

/// Formats with the seed "test"; fitted to the tree unless `size` (in bytes) is given. `heard` may be null.
FormattedVolume format_tree(Tree tree, FatOptions options = {}, std::uint64_t size = 0, Heard* heard = nullptr);
FormattedVolume format_tree(Tree tree, FatOptions options, const FormatRequest& request, Heard* heard = nullptr);

/// A file of `size` bytes that repeat a pattern made from `salt`, with an even time.
Node file_node(std::uint64_t size, unsigned salt = 1);
Node directory_node();

/// All of `image` in memory.
std::vector<std::byte> bytes_of(const Blob& image);
std::string text_of(const BlobPtr& content);

/// In what the kinds, names, times and contents of two trees differ, one line each.
std::vector<std::string> tree_differences(const Tree& expected, const Tree& actual);

/// A file in a directory of its own; both go with the object.
class ImageFile {
 public:
  /// A file with the bytes of `image`; without it, none.
  explicit ImageFile(const Blob* image = nullptr);
  ~ImageFile();
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  const std::string& path() const { return path_; }
  BlobPtr blob() const { return open_file_blob(path_); }
  /// What `fsck.vfat -n` complains about; empty if it finds nothing.
  std::string fsck_complaints() const;

 private:
  std::string directory_;
  std::string path_;
};

/// Runs a shell command, which has to succeed, and returns all of its output.
std::string run(const std::string& command);

}  // namespace fstool::fat
