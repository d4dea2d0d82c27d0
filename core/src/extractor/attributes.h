/// \file
/// Gives what was extracted its owner, permissions, extended attributes and time.
#pragma once

#include <string>

#include "extractor/omissions.h"
#include "fstool/tree.h"

namespace fstool {

/// Sets the attributes of nodes, in the order in which one does not undo another: a change of owner takes set-ID bits
/// and capabilities away, and whoever may not write to a file may not set its "user." attributes. Only root sets
/// owners; without the right owner, set-ID bits would give rights to somebody else, so they are dropped. What the host
/// refuses is an omission. Thread-safe.
class AttributeSetter {
 public:
  /// `omissions` must outlive this.
  explicit AttributeSetter(Omissions& omissions);

  /// Of a file or directory that is open for reading or writing; `path` is its name in messages. Throws system_error()
  /// if permissions or time can't be set.
  void set_open(int fd, const Node& node, const std::string& path) const;

  /// Of anything else, which was made under `name` in `directory`. Never follows a symbolic link.
  void set_named(int directory, const char* name, const Node& node, const std::string& path) const;

 private:
  /// True if the owner is right.
  bool set_owner(int directory, const char* name, int flags, const Node& node, const std::string& path) const;
  /// The permissions that may be given to a file whose owner is right or not.
  mode_t permissions(const Node& node, bool owner_is_right, const std::string& path) const;
  /// `set` is called as setxattr(2), less the file.
  template <class Set>
  void set_xattrs(const Node& node, const std::string& path, const Set& set) const;

  Omissions& omissions_;
  bool is_root_;
};

}  // namespace fstool
