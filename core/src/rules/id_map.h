/// \file
/// The keys uid_map and gid_map: owners that become others, as those of a user namespace do.
#pragma once

#include <cstdint>
#include <vector>

#include "fstool/tree.h"
#include "spec_values.h"

namespace fstool {

/// "FROM:TO:COUNT": the numbers from FROM on become those from TO on, COUNT of them.
struct IdRange {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t count = 0;
};

/// A list of ranges, of which none overlap in what they map. Throws spec_error().
std::vector<IdRange> parse_id_map(const OptionValue& value, std::string_view key);

struct IdMaps {
  std::vector<IdRange> users;  ///< empty: they stay
  std::vector<IdRange> groups;
};

/// Maps the owners of all files, those that ACLs name, and those that file capabilities belong to. Throws
/// Error(InvalidArgument), naming a file, for an owner that is in no range.
void apply_id_maps(Tree& tree, const IdMaps& maps);

}  // namespace fstool
