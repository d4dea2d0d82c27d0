/// \file
/// BlockFindings: what is said against blocks, with neighbours in one sentence.
#pragma once

#include <cstdint>
#include <string>

#include "fstool/context.h"

namespace fstool::verity {

/// One kind of damage. Blocks are added in ascending order. For one thread.
class BlockFindings {
 public:
  /// `where` precedes, and `what` follows the numbers of the blocks: "level 0", "are zeros".
  BlockFindings(std::string where, std::string what, Context& context);

  /// `count` blocks from `first` on are damaged.
  void add(std::uint64_t first, std::uint64_t count);
  /// Reports what was not reported yet. Call it once, last.
  void finish();

 private:
  std::string where_;
  std::string what_;
  Context& context_;
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace fstool::verity
