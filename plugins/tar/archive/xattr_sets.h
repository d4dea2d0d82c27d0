/// \file
/// Equal sets of extended attributes are kept once.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include "fstool/tree.h"

namespace fstool::tar {

/// Archives say the same of many files: which label of SELinux each has, for instance. Not thread-safe.
class XattrSets {
 public:
  /// `xattrs`, or an equal set that was there before; null for an empty one.
  std::shared_ptr<const Xattrs> share(Xattrs xattrs) {
    if (xattrs.empty()) return nullptr;
    const auto known = sets_.find(xattrs);
    if (known != sets_.end()) return known->second;
    auto shared = std::make_shared<const Xattrs>(std::move(xattrs));
    if (sets_.size() < kMostSets && bytes_of(*shared) <= kLargestSet) sets_.emplace(*shared, shared);
    return shared;
  }

 private:
  // Many different sets are not worth the memory of knowing them, nor are large ones.
  static constexpr std::size_t kMostSets = 4096;
  static constexpr std::size_t kLargestSet = 4096;

  static std::size_t bytes_of(const Xattrs& xattrs) {
    std::size_t bytes = 0;
    for (const Xattr& xattr : xattrs) bytes += xattr.name.size() + xattr.value.size();
    return bytes;
  }

  std::map<Xattrs, std::shared_ptr<const Xattrs>> sets_;
};

}  // namespace fstool::tar
