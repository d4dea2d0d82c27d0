/// \file
/// What a spec may say of each partition, beside what all tables know.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/options.h"

namespace fstool::gpt {

struct GptPartitionOptions {
  std::vector<std::string> attributes;
  std::optional<std::uint8_t> hybrid;  ///< type in the hybrid MBR
  bool bootable = false;               ///< there
};

const OptionSet<GptPartitionOptions>& gpt_partition_options();

/// Parses and checks them. Throws spec_error() or Error(InvalidArgument).
GptPartitionOptions parse_partition_options(const OptionTable& table);

struct AttributeName {
  std::string_view name;
  unsigned bit;
};

/// The attribute bits that have names.
std::span<const AttributeName> attribute_names();

/// The attribute bits of an entry: each word is a name, or the number of a bit from "0" to "63". Throws
/// Error(InvalidArgument) for others.
std::uint64_t parse_attributes(std::span<const std::string> words);

}  // namespace fstool::gpt
