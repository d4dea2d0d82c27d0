#include "write/format_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/inode.h"
#include "write/feature_request.h"
#include "write/journal.h"

namespace fstool::ext4 {

namespace {

/// Files that are large begin at multiples of it, as most containers' clusters do.
constexpr std::uint64_t kClusterAlignment = 64 * 1024;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::InvalidArgument, why); }

/// The features that mke2fs 1.47 of Debian 12 gives the formats.
Features default_features(Generation generation) {
  Features features = {kCompatExtAttr | kCompatResizeInode | kCompatDirIndex, kIncompatFiletype,
                       kRoCompatSparseSuper | kRoCompatLargeFile};
  if (generation == Generation::Ext2) return features;
  features.compat |= kCompatHasJournal;
  if (generation == Generation::Ext3) return features;
  features.incompat |= kIncompatExtents | kIncompat64bit | kIncompatFlexBg;
  features.ro_compat |= kRoCompatHugeFile | kRoCompatDirNlink | kRoCompatExtraIsize | kRoCompatMetadataCsum;
  return features;
}

/// The size of the journal in blocks, if the options give one.
std::optional<std::uint64_t> journal_blocks(const ExtOptions& options, std::uint32_t block_size) {
  if (options.journal_size && options.journal_blocks) {
    refuse("journal_size and journal_blocks say the same thing: give one of them");
  }
  std::optional<std::uint64_t> blocks;
  if (options.journal_blocks) blocks = *options.journal_blocks;
  if (options.journal_size) blocks = options.journal_size->value / block_size;
  if (blocks && *blocks > 0 && *blocks < kMinJournalBlocks) {
    refuse(fmt::format("a journal of {} blocks is too small: it has at least {} ({}); set 0 for none", *blocks,
                       kMinJournalBlocks, format_size(kMinJournalBlocks * block_size)));
  }
  constexpr std::uint64_t kMaxJournalBlocks = 10'240'000;
  if (blocks && *blocks > kMaxJournalBlocks) {
    refuse(fmt::format("a journal of {} blocks is too large: it has at most {}", *blocks, kMaxJournalBlocks));
  }
  return blocks;
}

Features features_of(Generation generation, const ExtOptions& options, std::uint32_t block_size) {
  std::string list = options.features;
  if (options.inline_data) list += ",inline_data";
  if (options.sparse_super2) list += ",sparse_super2";
  Features features = request_features(default_features(generation), list);
  if (journal_blocks(options, block_size) == 0) {
    features = request_features(features, "^has_journal,^orphan_file");
  } else if (options.journal_size || options.journal_blocks) {
    features = request_features(features, "has_journal");
  }
  return features;
}

/// s_default_mount_opts by the names of tune2fs -o.
std::uint32_t mount_options(std::string_view list) {
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 12> kOptions = {{
      {"debug", 0x0001},
      {"bsdgroups", 0x0002},
      {"user_xattr", kMountXattrUser},
      {"acl", kMountAcl},
      {"uid16", 0x0010},
      {"journal_data", 0x0020},
      {"journal_data_ordered", 0x0040},
      {"journal_data_writeback", 0x0060},
      {"nobarrier", 0x0100},
      {"block_validity", 0x0200},
      {"discard", 0x0400},
      {"nodelalloc", 0x0800},
  }};
  std::uint32_t bits = 0;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    const std::string_view word = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (word.empty() || word == "none") continue;
    const auto* found = std::ranges::find(kOptions, word, [](const auto& option) { return option.first; });
    if (found == kOptions.end()) refuse(fmt::format("there is no default mount option \"{}\"", word));
    bits |= found->second;
  }
  return bits;
}

template <class Number>
bool parse_number(std::string_view text, int base, Number& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

ImageSettings::Owner parse_owner(std::string_view text) {
  ImageSettings::Owner owner;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !parse_number(text.substr(0, colon), 10, owner.uid) ||
      !parse_number(text.substr(colon + 1), 10, owner.gid)) {
    refuse(fmt::format("root_owner = \"{}\" is not of the form \"uid:gid\", such as \"0:0\"", text));
  }
  return owner;
}

std::uint16_t parse_mode(std::string_view text) {
  std::uint16_t mode = 0;
  if (!parse_number(text, 8, mode) || mode > 07777) {
    refuse(fmt::format("root_mode = \"{}\" is not an octal number up to 7777, such as \"0755\"", text));
  }
  return mode;
}

HashVersion hash_version(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::Legacy:
      return HashVersion::Legacy;
    case HashAlgorithm::Tea:
      return HashVersion::Tea;
    case HashAlgorithm::HalfMd4:
      break;
  }
  return HashVersion::HalfMd4;
}

}  // namespace

Profile make_profile(Generation generation, const ExtOptions& options) {
  Profile profile;
  profile.block_size = options.block_size;
  profile.inode_size = options.inode_size;
  profile.features = features_of(generation, options, profile.block_size);
  profile.allows_value_inodes =
      profile.features.has_incompat(kIncompatEaInode) ||
      (generation == Generation::Ext4 && !refused_features(options.features).has_incompat(kIncompatEaInode));
  if (profile.inode_size > profile.block_size) {
    refuse(fmt::format("inodes of {} bytes don't fit into blocks of {}", profile.inode_size, profile.block_size));
  }
  const bool flexible = profile.features.has_incompat(kIncompatFlexBg);
  if (options.flex_bg_size && !flexible) refuse("flex_bg_size needs the feature flex_bg");
  profile.groups_per_flex = flexible ? options.flex_bg_size.value_or(16) : 1;
  if (!std::has_single_bit(profile.groups_per_flex)) {
    refuse(fmt::format("flex_bg_size = {} is not a power of two", profile.groups_per_flex));
  }
  profile.blocks_per_group = options.blocks_per_group.value_or(0);
  if (profile.blocks_per_group % 8 != 0 || profile.blocks_per_group > max_blocks_per_group(profile.block_size)) {
    refuse(fmt::format("blocks_per_group = {}: it has to be a multiple of 8, and with blocks of {} bytes at most {}",
                       profile.blocks_per_group, profile.block_size, max_blocks_per_group(profile.block_size)));
  }
  if (options.resize_limit) {
    if (!profile.has_resize_inode()) refuse("resize_limit needs the feature resize_inode");
    profile.resize_limit = options.resize_limit->value;
  }
  profile.cluster_alignment = kClusterAlignment;
  profile.hasher.version = hash_version(options.hash_algorithm);
  profile.has_lost_and_found = options.lost_found;
  profile.zeros_are_holes = options.sparse;
  return profile;
}

SizingRequest make_sizing_request(const ExtOptions& options, const Profile& profile, const SizeRequest& size) {
  SizingRequest sizing;
  sizing.inode_ratio = options.inode_ratio;
  sizing.inode_count = options.inode_count.value_or(0);
  sizing.journal_blocks = journal_blocks(options, profile.block_size);
  sizing.free_bytes = size.free_bytes;
  sizing.free_percent = size.free_percent;
  return sizing;
}

ImageSettings make_image_settings(const ExtOptions& options, const Profile& profile) {
  ImageSettings settings;
  settings.features = profile.features;
  settings.label = options.volume_label;
  settings.last_mounted = options.last_mounted;
  settings.reserved_uid = options.reserved_uid;
  settings.reserved_gid = options.reserved_gid;
  settings.errors = static_cast<std::uint16_t>(options.errors);
  settings.default_mount_options = mount_options(options.default_mount_options);
  settings.stride = options.stride;
  settings.stripe_width = options.stripe_width;
  if (options.root_owner) settings.root_owner = parse_owner(*options.root_owner);
  if (options.root_mode) settings.root_mode = parse_mode(*options.root_mode);
  return settings;
}

}  // namespace fstool::ext4
