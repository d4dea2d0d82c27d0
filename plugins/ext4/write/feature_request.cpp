#include "write/feature_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <vector>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

constexpr Features kWritable = {
    kCompatHasJournal | kCompatExtAttr | kCompatResizeInode | kCompatDirIndex | kCompatSparseSuper2 |
        kCompatStableInodes | kCompatOrphanFile,
    kIncompatFiletype | kIncompatExtents | kIncompat64bit | kIncompatFlexBg | kIncompatEaInode | kIncompatMetaBg |
        kIncompatChecksumSeed | kIncompatLargeDir | kIncompatInlineData | kIncompatEncrypt | kIncompatCasefold,
    kRoCompatSparseSuper | kRoCompatLargeFile | kRoCompatHugeFile | kRoCompatUninitBg | kRoCompatDirNlink |
        kRoCompatExtraIsize | kRoCompatMetadataCsum | kRoCompatProject | kRoCompatVerity};

constexpr Features compat(std::uint32_t bit) { return {bit, 0, 0}; }
constexpr Features incompat(std::uint32_t bit) { return {0, bit, 0}; }
constexpr Features ro_compat(std::uint32_t bit) { return {0, 0, bit}; }

struct Rule {
  Features feature;
  Features other;
};

/// The first needs the second.
constexpr std::array kNeeds = {
    Rule{incompat(kIncompat64bit), incompat(kIncompatExtents)},
    Rule{incompat(kIncompatChecksumSeed), ro_compat(kRoCompatMetadataCsum)},
    Rule{incompat(kIncompatInlineData), compat(kCompatExtAttr)},
    Rule{incompat(kIncompatEaInode), compat(kCompatExtAttr)},
    Rule{compat(kCompatOrphanFile), compat(kCompatHasJournal)},
    Rule{compat(kCompatResizeInode), ro_compat(kRoCompatSparseSuper)},
};

bool has(const Features& features, const Features& bit) { return (features & bit) == bit; }

std::string name_of(const Features& bit) { return feature_names(bit).front(); }

Features parse(Features features, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    std::string_view word = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (word.empty()) continue;
    if (word == "none") {
      features = {};
      continue;
    }
    const bool remove = word.starts_with('^') || word.starts_with('-');
    if (remove || word.starts_with('+')) word.remove_prefix(1);
    const auto bit = feature_by_name(word);
    if (!bit) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("there is no feature \"{}\"; those that can be written are {}", word,
                              fmt::join(feature_names(kWritable), ", ")));
    }
    if (!remove && !has(kWritable, *bit)) {
      throw Error(ErrorCode::Unsupported, fmt::format("the feature \"{}\" can't be written; those that can are {}",
                                                      word, fmt::join(feature_names(kWritable), ", ")));
    }
    features = remove ? features & ~*bit : features | *bit;
  }
  return features;
}

}  // namespace

Features refused_features(std::string_view list) {
  constexpr Features kAll = {~0U, ~0U, ~0U};
  return kAll & ~parse(kAll, list);
}

Features request_features(const Features& defaults, std::string_view list) {
  Features features = parse(defaults, list);
  // The newer checksum takes the place of the older one.
  if (features.has_ro_compat(kRoCompatMetadataCsum)) features.ro_compat &= ~kRoCompatUninitBg;
  for (const Rule& rule : kNeeds) {
    if (!has(features, rule.feature) || has(features, rule.other)) continue;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("the feature {} needs {}: add it, or take {} away with \"^{}\"", name_of(rule.feature),
                            name_of(rule.other), name_of(rule.feature), name_of(rule.feature)));
  }
  if (features.has_incompat(kIncompatMetaBg) && features.has_compat(kCompatResizeInode)) {
    throw Error(ErrorCode::InvalidArgument,
                "the features meta_bg and resize_inode exclude each other: add \"^resize_inode\"");
  }
  return features;
}

}  // namespace fstool::ext4
