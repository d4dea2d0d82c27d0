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

Claim ArchiveSource::claim(const SourceInput& input) {
  if (!input.is_file()) return Claim::None;
  try {
    const BlobPtr file = input.open();
    return may_be_archive(*file) && archive_functions().begins_as_archive(file) ? Claim::General : Claim::None;
  } catch (const Error&) {
    return Claim::None;
  }
}

Layer ArchiveSource::load(const SourceInput& input, Context& context) {
  context.begin_step(fmt::format("reading {}", input.name()), 0, "files");
  return with_context([&] { return fmt::format("reading {}", input.name()); },
                      [&] { return archive_functions().load_archive(input.open(), context); });
}

}  // namespace fstool::tar
