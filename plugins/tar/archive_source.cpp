#include "archive_source.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <system_error>

#include "archive_functions.h"
#include "fstool/error.h"

namespace fstool::tar {

namespace {

/// No archive begins with a zero byte, and most file systems and disks do.
bool may_be_archive(const Blob& file) {
  std::array<std::byte, 1> first{};
  if (file.size() < first.size()) return false;
  file.read(0, first);
  return first[0] != std::byte{0};
}

}  // namespace

bool ArchiveSource::accepts(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  try {
    const BlobPtr file = open_file_blob(path);
    return may_be_archive(*file) && archive_functions().begins_as_archive(file);
  } catch (const Error&) {
    return false;
  }
}

Tree ArchiveSource::load(const std::filesystem::path& location, Context& context) {
  context.begin_step(fmt::format("reading {}", location.string()), 0, "files");
  return with_context([&] { return fmt::format("reading {}", location.string()); },
                      [&] { return archive_functions().load_archive(open_file_blob(location), context); });
}

}  // namespace fstool::tar
