/// \file
/// The source "tar": what libarchive reads of a file.
#pragma once

#include "fstool/options.h"
#include "fstool/size.h"
#include "fstool/source.h"

namespace fstool::tar {

struct ArchiveSourceOptions {
  Bytes max_size{std::uint64_t{64} << 30U};
  Bytes max_metadata{std::uint64_t{4} << 30U};
};

const OptionSet<ArchiveSourceOptions>& archive_source_options();

class ArchiveSource : public Source {
 public:
  explicit ArchiveSource(const ArchiveSourceOptions& options) : options_(options) {}

  /// A file that begins as an archive does, after whatever decompression.
  static Claim claim(const SourceInput& input);

  /// What an archive has, as load_archive() says.
  Layer load(const SourceInput& input, Context& context) override;

 private:
  ArchiveSourceOptions options_;
};

}  // namespace fstool::tar
