/// \file
/// Owners in a spec: numbers, or names that the tree's own files know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/context.h"
#include "fstool/tree.h"
#include "owner_names.h"
#include "spec_values.h"

namespace fstool {

/// The largest number of an owner: the one above stands for none.
inline constexpr std::uint32_t kMaxOwnerId = 0xFFFFFFFE;

enum class OwnerKind { User, Group };

/// A user or group.
struct OwnerChoice {
  std::uint32_t id = 0;
  std::string name = {};  ///< in place of `id`, if not empty
  LocationPtr location = {};
};

/// A number, a number as text, or a name. Throws spec_error().
OwnerChoice parse_owner(const OptionValue& value, std::string_view key);

/// Both sides of "user:group", or of a user alone, the first.
struct OwnerPair {
  OwnerChoice user;
  std::optional<OwnerChoice> group;
};

/// As parse_owner(), and "user:group". Throws spec_error().
OwnerPair parse_owner_pair(const OptionValue& value, std::string_view key);

/// The number that `text` is, if it is one of an owner.
std::optional<std::uint32_t> parse_owner_id(std::string_view text);

/// Finds the numbers of names in /etc/passwd and /etc/group of a tree, which are read when the first name is asked for:
/// ask before they are changed or go. "root" is 0 where there are no names at all. Not thread-safe.
class OwnerResolver {
 public:
  /// `tree` must outlive the resolver.
  explicit OwnerResolver(const Tree& tree) : tree_(tree) {}

  /// Throws spec_error() for a name that is not there.
  std::uint32_t id_of(const OwnerChoice& owner, OwnerKind kind);
  /// Throws Error(InvalidArgument).
  std::uint32_t id_of(const std::string& name, OwnerKind kind);

 private:
  const OwnerNames& names(OwnerKind kind);

  const Tree& tree_;
  std::optional<OwnerNames> users_;
  std::optional<OwnerNames> groups_;
};

}  // namespace fstool
