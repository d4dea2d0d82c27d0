/// \file
/// The keys of a spec, declared once: for the schema, the reference, and "did you mean". The options of formats are not
/// among them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fstool/options.h"

namespace fstool {

/// One key of a table. The type of its `info` is one of OptionInfo's, or of:
///
///     path                      a file, relative to the spec's
///     size or "auto"            kSizeOrAuto
///     partition size            kPartitionSize: the same, "remaining" or "25%"
///     size or percentage        kSizeOrShare
///     partition type            kPartitionType: a word or a byte
///     mode                      kMode: octal
///     mode or change            kModeChange: the same, or "u+s,go-w"
///     number or name            kOwner: of a user or group
///     time                      kTime: seconds since 1970, or RFC 3339
///     pattern or list of patterns    kPatterns: as in gitignore(5)
///     table of attributes       kXattrs: names and values
///     table of paths            kRenames
///     list of ranges            kIdMap: "FROM:TO:COUNT"
///     source, content, holes, entries, rules, options    a table or array that has a section of its own
struct SpecKey {
  OptionInfo info;
  bool is_required = false;
};

inline constexpr std::string_view kPathType = "path";
inline constexpr std::string_view kSizeOrAuto = "size or \"auto\"";
inline constexpr std::string_view kPartitionSize = "partition size";
inline constexpr std::string_view kSizeOrShare = "size or percentage";
inline constexpr std::string_view kPartitionType = "partition type";
inline constexpr std::string_view kMode = "mode";
inline constexpr std::string_view kModeChange = "mode or change";
inline constexpr std::string_view kOwner = "number or name";
inline constexpr std::string_view kTime = "time";
inline constexpr std::string_view kPatterns = "pattern or list of patterns";
inline constexpr std::string_view kXattrs = "table of attributes";
inline constexpr std::string_view kRenames = "table of paths";
inline constexpr std::string_view kIdMap = "list of ranges";

/// A table of a spec.
struct SpecSection {
  std::string name;     ///< "partitions.derive"; empty: the top
  std::string summary;  ///< a paragraph
  std::vector<SpecKey> keys;
};

/// Every section, in the order of the reference.
const std::vector<SpecSection>& spec_sections();

/// The section `name`, which there is.
const SpecSection& spec_section(std::string_view name);

/// The names of its keys.
std::vector<std::string> spec_key_names(std::string_view section);

}  // namespace fstool
