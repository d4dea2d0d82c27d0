/// \file
/// The options of the format "swap".
#pragma once

#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "fstool/options.h"

namespace fstool::swap {

/// What swap_options() documents.
struct SwapOptions {
  Bytes page_size{4096};
  boost::endian::order endianness = boost::endian::order::little;
  std::string volume_label;
  std::optional<Uuid> uuid;
};

const OptionSet<SwapOptions>& swap_options();

}  // namespace fstool::swap
