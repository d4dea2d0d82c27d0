/// \file
/// The options of the derivation "verity".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/options.h"
#include "ondisk/superblock.h"

namespace fstool::verity {

/// What verity_options() documents.
struct VerityOptions {
  std::string hash = "sha256";
  Bytes data_block_size{4096};
  Bytes hash_block_size{4096};
  std::optional<std::string> salt;
  std::optional<Uuid> uuid;
  bool superblock = true;
  std::uint32_t hash_type = static_cast<std::uint32_t>(HashType::Normal);
};

const OptionSet<VerityOptions>& verity_options();

}  // namespace fstool::verity
