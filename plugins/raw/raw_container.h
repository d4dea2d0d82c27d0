/// \file
/// The container "raw": the file is the disk, byte for byte.
#pragma once

#include "fstool/container.h"

namespace fstool::raw {

class RawContainer : public Container {
 public:
  /// Writes the data of `disk` where it belongs and leaves its holes out, so that the file is sparse where the host
  /// can. Blocks of 4 KiB that turn out to be zero are left out as well. With a codec, see write_stream().
  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override;

  bool writes_streams() const override { return true; }

  /// Always false: there is nothing in a raw image that would show it, and any file can be one.
  bool probe(const Blob& file) const override;

  /// The file itself. There are no snapshots.
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context) override;
};

}  // namespace fstool::raw
