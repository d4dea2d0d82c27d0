/// \file
/// The file system "cpio": a tree as an archive in the format newc.
#pragma once

#include <memory>

#include "fstool/filesystem.h"
#include "fstool/options.h"

namespace cpio {

struct CpioOptions {
  bool owners = true;
};

const fstool::OptionSet<CpioOptions>& cpio_options();

class CpioFilesystem : public fstool::Filesystem {
 public:
  explicit CpioFilesystem(CpioOptions options) : options_(options) {}

  /// An archive, with zeros behind it up to a fixed size. It has no free space: Error(InvalidArgument) if headroom is
  /// asked for.
  fstool::FormattedVolume format(std::shared_ptr<const fstool::Tree> tree, const fstool::FormatRequest& request,
                                 fstool::Context& context) override;
  bool probe(const fstool::Blob& image) const override;
  fstool::VolumeFacts inspect(fstool::BlobPtr image, fstool::Context& context) override;
  fstool::Volume open(fstool::BlobPtr image, const fstool::OpenScope& scope, fstool::Context& context) override;

 private:
  CpioOptions options_;
};

}  // namespace cpio
