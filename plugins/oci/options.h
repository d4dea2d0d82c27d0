/// \file
/// The options of the source "oci".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/options.h"

namespace fstool::oci {

/// What oci_options() documents.
struct OciOptions {
  std::optional<std::string> platform = {};
  std::optional<std::string> image = {};
  std::optional<std::string> config_path = {};
  Bytes max_size{std::uint64_t{64} << 30U};
};

const OptionSet<OciOptions>& oci_options();

}  // namespace fstool::oci
