/// \file
/// Listings of files as ls(1) writes them, byte for byte.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "fstool/tree.h"
#include "owner_names.h"

namespace fstool {

/// How names are shown: as they are, or escaped for a terminal.
using ShowName = std::function<std::string(std::string_view name)>;

struct ListingStyle {
  bool long_format = false;     ///< mode, links, owners, size and time
  bool inode_numbers = false;   ///< in front of each line
  bool numeric_owners = false;  ///< numbers even where there are names
  std::string time_format;      ///< as format_time() takes it
  std::size_t columns = 0;      ///< the width of the terminal to fill; 0: a line for each name
};

/// A line of a listing.
struct ListedName {
  std::string name;
  const Tree* tree = nullptr;  ///< outlives the listing
  NodeId node = Tree::kRoot;
};

/// The lines of `names`, in columns that fit them together. Names and link targets go through
/// `show`, those of owners too.
std::string format_listing(std::span<const ListedName> names, const ListingStyle& style, const Owners& owners,
                           const ShowName& show);

/// "total 12\n": what `names` occupy, in KiB.
std::string total_line(std::span<const ListedName> names);

}  // namespace fstool
