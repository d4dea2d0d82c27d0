#include "check/block_findings.h"

#include <fmt/format.h>

#include <utility>

namespace fstool::verity {

BlockFindings::BlockFindings(std::string where, std::string what, Context& context)
    : where_(std::move(where)), what_(std::move(what)), context_(context) {}

void BlockFindings::add(std::uint64_t first, std::uint64_t count) {
  if (first != end_) {
    finish();
    first_ = first;
  }
  end_ = first + count;
}

void BlockFindings::finish() {
  if (first_ == end_) return;
  const std::string numbers =
      end_ - first_ == 1 ? fmt::format("block {}", first_) : fmt::format("blocks {} to {}", first_, end_ - 1);
  context_.report_damage(fmt::format("{}, {}: {}", where_, numbers, what_));
  first_ = end_;
}

}  // namespace fstool::verity
