/// \file
/// The VHD container: disk images of Virtual PC, Hyper-V and Azure.
#pragma once

#include <optional>
#include <string_view>

#include "fstool/container.h"
#include "fstool/options.h"
#include "fstool/size.h"
#include "fstool/uuid.h"

namespace fstool::vhd {

enum class Subformat {
  Dynamic,  ///< blocks that are zeros take no room
  Fixed,    ///< the disk as it is, and a footer
};

struct VhdOptions {
  Subformat subformat = Subformat::Dynamic;
  Bytes block_size{2 * 1024 * 1024};
  Bytes size_multiple{512};
  std::optional<Uuid> uuid = {};
};

const OptionSet<VhdOptions>& vhd_options();

/// Writes dynamic and fixed disks; nothing is compressed. A disk whose size is not a multiple of the option
/// size_multiple is padded with zeros to one: Azure takes fixed disks of whole MiB.
///
/// Reads dynamic and fixed disks. Differencing ones are refused.
class VhdContainer : public Container {
 public:
  explicit VhdContainer(VhdOptions options) : options_(options) {}

  /// Throws Error(InvalidArgument) for any codec, and for a disk of more than 2040 GiB.
  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override;
  /// True for a file that begins with the cookie of a footer, or that ends with a footer whose checksum is right.
  bool probe(const Blob& file) const override;
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context) override;
  ContainerFacts inspect(const ContainerFile& file, Context& context) override;
  void check(const ContainerFile& file, Context& context) override;

 private:
  VhdOptions options_;
};

}  // namespace fstool::vhd
