#include "extractor/conflicts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/error.h"

namespace fstool {
namespace {

class ConflictFinder {
 public:
  ConflictFinder(const ExtractionPlan& plan, DirectoryOpener& opener, bool replace)
      : plan_(plan), opener_(opener), replace_(replace), exists_(plan.directories.size()) {}

  void find() {
    exists_[0] = true;
    for (std::uint32_t index = 1; index < plan_.directories.size(); ++index) {
      const PlannedDirectory& directory = plan_.directories[index];
      const std::optional<mode_t> mode = mode_of({directory.node, directory.parent, directory.name});
      if (!mode) continue;
      if (S_ISDIR(*mode)) {
        exists_[index] = true;
      } else if (!replace_) {
        add(opener_.path(index), "exists already");
      }
    }
    for (const PlannedName& name : plan_.files) check(name);
    for (const PlannedName& name : plan_.others) check(name);
    for (const PlannedLink& link : plan_.links) check(link.name);
    if (conflicts_ == 0) return;
    const std::string more = conflicts_ == 1 ? "" : fmt::format(" (and so do {} more)", conflicts_ - 1);
    throw Error(ErrorCode::InvalidArgument,
                replace_
                    ? first_
                    : fmt::format("{}{}: extract into another directory, or use --force to replace", first_, more));
  }

 private:
  void check(const PlannedName& name) {
    const std::optional<mode_t> mode = mode_of(name);
    if (!mode) return;
    if (!replace_) {
      add(opener_.path(name), "exists already");
    } else if (S_ISDIR(*mode)) {
      add(opener_.path(name), "is a directory, which is not replaced by what is no directory: remove it first");
    }
  }

  /// Nothing if there is no such name.
  std::optional<mode_t> mode_of(const PlannedName& name) {
    if (!exists_[name.directory]) return std::nullopt;
    struct stat status {};
    if (::fstatat(opener_.open(name.directory), std::string(name.name).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      return status.st_mode;
    }
    if (errno != ENOENT) throw system_error(opener_.path(name), errno);
    return std::nullopt;
  }

  void add(const std::string& path, std::string_view what) {
    if (conflicts_++ == 0) first_ = fmt::format("{} {}", path, what);
  }

  const ExtractionPlan& plan_;
  DirectoryOpener& opener_;
  bool replace_;
  std::vector<bool> exists_;  // directories of the plan that exist as directories
  std::uint64_t conflicts_ = 0;
  std::string first_;
};

}  // namespace

void refuse_conflicts(const ExtractionPlan& plan, DirectoryOpener& opener, bool replace) {
  ConflictFinder(plan, opener, replace).find();
}

}  // namespace fstool
