/// \file
/// In what two trees differ.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool {

/// What is compared of a node.
enum class DiffField : std::uint8_t {
  Kind,                ///< nodes of different kinds are not compared any further
  Mode,                ///< the twelve permission bits; not of symbolic links, which have none
  Owner,               ///< user and group
  Mtime,               ///< to the nanosecond
  Content,             ///< the bytes of files, the targets of symbolic links, the numbers of devices
  ExtendedAttributes,  ///< ACLs and capabilities among them
  Links,               ///< which of the names on both sides are names of one file
};

inline constexpr std::size_t kDiffFields = 7;

/// "kind", "mode", "owner", "mtime", "content", "xattrs", "links".
std::string_view diff_field_name(DiffField field);

/// One difference of a node that both trees have. What has no value is empty.
struct FieldDifference {
  DiffField field = DiffField::Kind;
  std::string what;  ///< more exactly: the attribute's name for ExtendedAttributes, else empty
  std::string from;  ///< in words
  std::string to;
};

struct TreeDifference {
  enum class Change : std::uint8_t { Added, Removed, Changed };
  Change change = Change::Changed;
  std::string path;                     ///< from the root, "/etc/passwd"
  NodeKind kind = NodeKind::File;       ///< of the tree that has it, the first of both
  std::vector<FieldDifference> fields;  ///< Changed: at least one
};

struct DiffOptions {
  std::vector<DiffField> ignored;
};

/// All differences from `before` to `after`, depth first in the order of names. An empty "lost+found" in the root that
/// only one side has is none: file systems make it. Contents of equal size are compared by all of context.workers(),
/// each up to the first byte that differs; holes on both sides, and contents that lie at the same place, aren't read.
/// Throws what reading throws, with the path.
std::vector<TreeDifference> diff_trees(const Tree& before, const Tree& after, const DiffOptions& options,
                                       Context& context);

}  // namespace fstool
