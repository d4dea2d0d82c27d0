/// \file
/// The options of ext2, ext3 and ext4, named as mke2fs and its configuration name them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/options.h"
#include "fstool/uuid.h"
#include "ondisk/dirhash.h"
#include "ondisk/generation.h"

namespace fstool::ext4 {

/// What the kernel does about an error. Values of s_errors.
enum class OnError : std::uint16_t { Continue = 1, RemountReadOnly = 2, Panic = 3 };

/// Directory hashes that a user can choose.
enum class HashAlgorithm { Legacy, HalfMd4, Tea };

struct ExtOptions {
  std::string features;
  std::uint32_t block_size = 4096;
  std::uint32_t inode_size = 256;
  std::uint32_t inode_ratio = 16384;
  std::optional<std::uint32_t> inode_count;
  std::optional<std::uint32_t> blocks_per_group;
  std::optional<std::uint32_t> flex_bg_size;
  std::optional<Bytes> journal_size;
  std::optional<std::uint32_t> journal_blocks;
  std::optional<Bytes> resize_limit;
  std::uint32_t reserved_percent = 5;
  std::uint16_t reserved_uid = 0;
  std::uint16_t reserved_gid = 0;
  std::string volume_label;
  std::optional<Uuid> uuid;
  std::optional<Uuid> hash_seed;
  HashAlgorithm hash_algorithm = HashAlgorithm::HalfMd4;
  std::string last_mounted;
  OnError errors = OnError::Continue;
  std::string default_mount_options = "user_xattr,acl";
  std::uint32_t stride = 0;
  std::uint32_t stripe_width = 0;
  std::optional<std::string> root_owner;
  std::optional<std::string> root_mode;
  bool lost_found = true;
  bool sparse = false;
  bool inline_data = false;
  bool sparse_super2 = false;
};

const OptionSet<ExtOptions>& ext_options();

}  // namespace fstool::ext4
