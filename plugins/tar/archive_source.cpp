#include "archive_source.h"

#include <fmt/format.h>

#include <system_error>

#include "archive_functions.h"
#include "fstool/error.h"

namespace fstool::tar {

bool ArchiveSource::accepts(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  try {
    return archive_functions().begins_as_archive(open_file_blob(path));
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
