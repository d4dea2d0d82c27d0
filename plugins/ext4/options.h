/// \file
/// The options of ext4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/options.h"
#include "fstool/uuid.h"

namespace fstool::ext4 {

struct Ext4Options {
  std::uint32_t block_size = 4096;
  std::optional<std::uint32_t> journal_blocks;
  std::string volume_label;
  std::optional<Uuid> uuid;
  std::uint32_t inode_ratio = 16384;
  std::uint32_t reserved_percent = 5;
};

const OptionSet<Ext4Options>& ext4_options();

}  // namespace fstool::ext4
