/// \file
/// AttributeChanges: what a spec says about the attributes of files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/tree.h"
#include "rules/mode_change.h"
#include "rules/owner_choice.h"
#include "spec_values.h"

namespace fstool {

/// An extended attribute to set, or to take away.
struct XattrChange {
  std::string name;
  std::optional<std::string> value;  ///< nothing: it goes
};

/// The keys owner, group, mode, mtime and xattr of a table.
struct AttributeChanges {
  std::optional<OwnerChoice> owner;
  std::optional<OwnerChoice> group;
  std::optional<ModeChange> mode;
  std::optional<Timestamp> mtime;
  std::vector<XattrChange> xattrs;  ///< each name once

  bool empty() const noexcept { return !owner && !group && !mode && !mtime && xattrs.empty(); }
};

/// Takes the keys from the table. `owner` may be "user:group", if there is no `group`.
AttributeChanges read_attribute_changes(TableReader& reader);

/// Seconds since 1970, or a time such as "2024-05-06T07:08:09Z". Throws spec_error().
Timestamp parse_timestamp(const OptionValue& value, std::string_view key);

/// A table of names and values: text, "0x…" in hexadecimal, "0s…" in base64 (as getfattr writes them), or false, which
/// takes the attribute away. Throws spec_error().
std::vector<XattrChange> parse_xattrs(const OptionValue& value);

/// Sets attributes, or takes them away; the others stay.
void change_xattrs(Node& node, const std::vector<XattrChange>& changes);

/// The changes with the owners' names resolved.
class ResolvedChanges {
 public:
  /// Throws spec_error() for a name that `owners` doesn't know. `changes` must outlive the result.
  ResolvedChanges(const AttributeChanges& changes, OwnerResolver& owners);

  /// Symbolic links keep their mode, which nobody reads, and what is neither a file nor a directory gets no attributes
  /// of the namespace "user", which the kernel refuses there.
  void apply(Node& node) const;

 private:
  const AttributeChanges& changes_;
  std::optional<std::uint32_t> uid_;
  std::optional<std::uint32_t> gid_;
  std::vector<XattrChange> of_others_;  ///< for what is neither a file nor a directory
};

}  // namespace fstool
