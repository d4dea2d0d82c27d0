/// \file
/// Short names, and the aliases of names that are none (fatgen103, "Generating 8.3 names").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ondisk/directory_entry.h"

namespace fstool::fat {

/// The short form of a name that fits into eight and three characters.
struct ShortForm {
  ShortName name;
  std::uint8_t name_case = 0;  ///< DirectoryEntry::name_case
  bool is_exact = false;       ///< false: the name mixes the cases, and needs a long name beside it
};

/// Nothing if the name needs an alias. Aliases and short forms are ASCII: code pages differ from host to host.
std::optional<ShortForm> short_form(std::string_view name);

/// Finds aliases that are unique in a directory. Give it the short forms first. Takes time in proportion to the number
/// of names.
class AliasMaker {
 public:
  void reserve(const ShortName& name) { taken_.insert(name); }

  /// "A long name.text" becomes "ALONGN~1.TEX". Throws Error(Unsupported) beyond a million names that begin alike.
  ShortName make(std::string_view name);

 private:
  std::set<ShortName> taken_;
  /// The next number to try, by what the alias has around it.
  std::map<ShortName, std::uint32_t> next_;
};

}  // namespace fstool::fat
