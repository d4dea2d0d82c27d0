#include "archive_source.h"

#include <fmt/format.h>

#include "archive_functions.h"
#include "fstool/error.h"
#include "signature/signature.h"

namespace fstool::tar {

const OptionSet<ArchiveSourceOptions>& archive_source_options() {
  static const auto set =
      OptionSet<ArchiveSourceOptions>()
          .add(
              "max_size", &ArchiveSourceOptions::max_size,
              "The most that a compressed archive may decompress to, so that a small one can't fill the disk. Holes of "
              "sparse files don't count.")
          .add("max_metadata", &ArchiveSourceOptions::max_metadata,
               "The most memory that the names, attributes and maps of holes of an archive may take.");
  return set;
}

Claim ArchiveSource::claim(const SourceInput& input) {
  if (!input.is_file()) return Claim::None;
  try {
    const BlobPtr file = input.open();
    const Signature signature = signature_of(*file);
    if (signature == Signature::None) return Claim::None;
    if (signature != Signature::Stream) return Claim::General;
    return archive_functions().begins_as_archive(file) ? Claim::General : Claim::None;
  } catch (const Error&) {
    return Claim::None;
  }
}

Layer ArchiveSource::load(const SourceInput& input, Context& context) {
  return with_context(
      [&] { return fmt::format("reading {}", input.name()); },
      [&] {
        return archive_functions().load_archive(
            {.file = input.open(),
             .name = input.name(),
             .limits = {.max_size = options_.max_size.value, .max_metadata = options_.max_metadata.value}},
            context);
      });
}

}  // namespace fstool::tar
