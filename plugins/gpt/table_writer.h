/// \file
/// From a Layout to the bytes of a GPT.
#pragma once

#include <cstddef>
#include <vector>

#include "fstool/partition_table.h"

namespace fstool::gpt {

/// A table's two copies.
struct TableBytes {
  std::vector<std::byte> head;  ///< from byte 0 of the disk: protective MBR, primary header, primary array
  std::vector<std::byte> tail;  ///< up to the last byte of the disk: backup array, backup header
};

/// Throws Error(InvalidArgument) if `layout` is not one that a GPT with 128 entries can express.
TableBytes encode_table(const Layout& layout);

}  // namespace fstool::gpt
