#include "extractor/omissions.h"

#include <fmt/format.h>

namespace fstool {

void Omissions::add(const std::string& what, const std::string& path, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  Kind& kind = kinds_[what];
  if (kind.count++ != 0 && kind.path < path) return;
  kind.path = path;
  kind.reason = reason;
}

void Omissions::report(Context& context) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [what, kind] : kinds_) {
    const std::string where = kind.count == 1 ? kind.path : fmt::format("{} and {} more", kind.path, kind.count - 1);
    context.warn(fmt::format("{}: {}{}{}", where, what, kind.reason.empty() ? "" : ": ", kind.reason));
  }
}

}  // namespace fstool
