/// \file
/// Reads what a swap area says about itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/filesystem.h"
#include "fstool/uuid.h"

namespace fstool::swap {

struct SwapArea {
  std::uint32_t page_size = 0;  ///< bytes
  bool is_big_endian = false;
  std::string hibernation;                   ///< the signature of a sleeping machine's memory; empty: there is none
  std::uint64_t pages = 0;                   ///< with the header's; 1 … 2^32
  std::uint32_t bad_pages = 0;               ///< as the header says, which may be more than its list has room for
  std::vector<std::uint32_t> bad_page_list;  ///< in the order of the list
  Uuid uuid;
  std::string label;

  std::uint64_t size() const { return pages * page_size; }  ///< bytes
};

/// True if there is a signature, whatever the header says.
bool has_signature(const Blob& image);

/// Throws Error(Corrupt) if there is no signature, Error(Unsupported) if the version is unknown, and what reading
/// throws.
SwapArea read_area(const Blob& image);

VolumeFacts facts_of(const SwapArea& area);

}  // namespace fstool::swap
