/// \file
/// The VDI container: VirtualBox's disk images.
#pragma once

#include <optional>
#include <string_view>

#include "fstool/container.h"
#include "fstool/options.h"
#include "fstool/uuid.h"

namespace fstool::vdi {

enum class Subformat {
  Dynamic,  ///< blocks that are zeros take no room
  Static,   ///< every block has its place
};

struct VdiOptions {
  Subformat subformat = Subformat::Dynamic;
  std::optional<Uuid> uuid = {};
};

const OptionSet<VdiOptions>& vdi_options();

/// Writes dynamic and static images of version 1.1 with blocks of 1 MiB, which are the ones that QEMU reads; nothing is
/// compressed. A disk that is not a multiple of 512 bytes is padded with zeros to one.
///
/// Reads dynamic and static images of version 1.1 with blocks of any size. Differencing ones are refused.
class VdiContainer : public Container {
 public:
  explicit VdiContainer(VdiOptions options) : options_(options) {}

  /// Throws Error(InvalidArgument) for any codec, and for a disk of 512 TiB or more.
  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override;
  bool probe(const Blob& file) const override;
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context) override;
  ContainerFacts inspect(const ContainerFile& file, Context& context) override;
  void check(const ContainerFile& file, Context& context) override;

 private:
  VdiOptions options_;
};

}  // namespace fstool::vdi
