/// \file
/// The names of users and groups, as an image's own files have them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "target.h"

namespace fstool {

/// The names of one kind of owner.
class OwnerNames {
 public:
  /// No names.
  OwnerNames() = default;
  /// Reads passwd(5) or group(5): "NAME:password:NUMBER:…", a line each. Lines that are anything else are passed over;
  /// of several names with one number, and of several numbers with one name, the first counts.
  explicit OwnerNames(std::string_view text);

  /// The name of `id`; null if it has none.
  const std::string* name_of(std::uint32_t id) const;
  /// The name, else the number.
  std::string text(std::uint32_t id) const;
  std::optional<std::uint32_t> id_of(const std::string& name) const;
  /// Every name, sorted.
  std::vector<std::string> all() const;

 private:
  std::map<std::uint32_t, std::string> names_;
  std::map<std::string, std::uint32_t> ids_;
};

/// The names in a file as passwd(5) and group(5) describe; none if `file` is no file. Throws what reading it throws,
/// and Error if it has more than 4 MiB.
OwnerNames read_owner_names(const Node& file);

struct Owners {
  OwnerNames users;
  OwnerNames groups;
};

/// The names in /etc/passwd and /etc/group of `target`. A file that is missing, damaged or unreasonably large has none.
Owners read_owners(Target& target);

}  // namespace fstool
