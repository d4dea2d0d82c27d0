/// \file
/// Reads manifests in the format of mtree(5): those that `fstool manifest`, mtree(8) of the BSDs and
/// `bsdtar --format=mtree` write.
///
///     #mtree
///     /set type=file uid=0 gid=0 mode=0644
///     .            type=dir mode=0755        a name without a slash: in the current directory,
///         bin      type=dir mode=0755        which is this one then,
///             sh   size=125688 mode=0755
///         ..                                 and the one above again
///     ./etc/motd   time=1700000000.0         a path from the root
///
/// A backslash at the end of a line continues it. A line "# xattr NAME=BASE64" behind an entry is an extended attribute
/// of it, as manifest.h has them; other comments mean nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/tree.h"
#include "rules/attribute_changes.h"
#include "rules/rule_file.h"

namespace fstool {

/// What a manifest says of one path.
struct MtreeEntry {
  std::string path;  ///< '/'-separated from the root; empty: the root
  std::optional<NodeKind> kind;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::string uname;
  std::string gname;
  std::optional<std::uint16_t> permissions;
  std::optional<Timestamp> mtime;
  std::optional<DeviceNumber> device;
  std::optional<std::uint64_t> size;  ///< bytes
  std::string link;
  bool is_optional = false;  ///< need not be there
  bool is_fixed = false;     ///< "nochange": if it is there, it stays as it is
  std::vector<XattrChange> xattrs;
};

/// Gives `sink` every entry, in order. Keywords that say something else, such as the hashes of contents, are passed
/// over; `lines` may be asked for errors of the entry in question. Throws spec_error(), pointing at a line, for what is
/// no manifest, and what `sink` throws.
void read_mtree(TextLines& lines, const std::function<void(const MtreeEntry& entry)>& sink);

}  // namespace fstool
