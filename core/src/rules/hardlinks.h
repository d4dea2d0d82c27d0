/// \file
/// The key hardlinks of a file system: what becomes of files with several names, and of equal files.
#pragma once

#include <cstdint>

#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool {

enum class HardLinks : std::uint8_t {
  Keep,
  Copy,   ///< each name gets a file of its own
  Dedup,  ///< equal files become one
};

/// Makes names of the tree hard links, or none. Equal are regular files that are not empty, with the same content (by
/// their SHA-256), mode, owner, time of modification and extended attributes; one file gets no more names than any
/// file system can take. Reads the contents of files that have the same size and attributes, with all workers. Throws
/// what reading throws, naming the file.
void apply_hard_links(Tree& tree, HardLinks links, Context& context);

}  // namespace fstool
