/// \file
/// The options of the source "oci".
#pragma once

#include <optional>
#include <string>

#include "fstool/options.h"

namespace fstool::oci {

/// What oci_options() documents.
struct OciOptions {
  std::optional<std::string> platform;
  std::optional<std::string> image;
  std::optional<std::string> config_path;
  std::optional<Bytes> max_size;
};

const OptionSet<OciOptions>& oci_options();

}  // namespace fstool::oci
