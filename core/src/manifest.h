/// \file
/// Manifests: a line for each file, which says what it is, in the format that mtree(5) describes.
///
///     #mtree
///     . type=dir mode=0755 uid=0 gid=0 time=1700000000.0
///     ./bin/sh type=file mode=0755 uid=0 gid=0 size=125688 time=1700000000.5 sha256digest=… nlink=1
///     ./dev/null type=char mode=0666 uid=0 gid=0 time=1700000000.0 device=native,1,3
///
/// A line "# xattr user.comment=BASE64" follows for each extended attribute: mtree has no word for them, and what reads
/// it passes over comments. The same tree gives the same bytes: entries are sorted, and only that stands there which a
/// copy of the tree has, too.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool {

/// One name of a tree, with the hash of its content.
struct ManifestEntry {
  std::string_view path;  ///< below the directory that the manifest is about; empty: the directory itself
  NodeId node = Tree::kRoot;
  std::string_view sha256;  ///< in hexadecimal; empty if it is no regular file
};

/// Gives `sink` all that is at and below `root`, a directory before what is in it. Contents are hashed first, by all
/// workers. Throws Error as contents do, naming the file.
void list_manifest(const Tree& tree, NodeId root, Context& context,
                   const std::function<void(const ManifestEntry& entry)>& sink);

/// The first line.
inline constexpr std::string_view kManifestHeader = "#mtree\n";

/// The lines of an entry: type, mode, uid, gid, size and sha256digest of files, time, link, device, nlink of what is no
/// directory. Names are written with the octal escapes of vis(3).
std::string manifest_lines(const Tree& tree, const ManifestEntry& entry);

}  // namespace fstool
