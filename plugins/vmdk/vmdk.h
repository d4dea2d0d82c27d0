/// \file
/// The vmdk container: VMware's virtual disks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fstool/container.h"
#include "fstool/options.h"
#include "fstool/size.h"

namespace fstool::vmdk {

enum class Subformat {
  MonolithicSparse,  ///< one sparse file that can be written to
  StreamOptimized,   ///< one file of compressed grains, as in an OVF package
};

enum class AdapterType { Ide, LsiLogic, BusLogic, LegacyEsx };

struct VmdkOptions {
  std::optional<Subformat> subformat;  ///< none: as the codec, or its absence, asks for
  AdapterType adapter_type = AdapterType::Ide;
  std::uint32_t hwversion = 4;
  Bytes grain_size{64 * 1024};
};

const OptionSet<VmdkOptions>& vmdk_options();

/// Writes disks of one file without a parent: monolithicSparse, or streamOptimized if that or a codec is asked for,
/// whose grains are compressed by "zlib", the only codec of the format. Grains that are all zeros are left out. A disk
/// that is not a multiple of 512 bytes is padded with zeros to one, as the format counts sectors; an empty one is
/// refused.
///
/// Reads monolithicSparse, streamOptimized, twoGbMaxExtentSparse, and flat disks (monolithicFlat, twoGbMaxExtentFlat,
/// vmfs). Disks with a parent, encrypted ones and the sparse formats of ESX are refused by name.
class VmdkContainer : public Container {
 public:
  /// `options.grain_size` is a power of two from 8 KiB to 2 MiB.
  explicit VmdkContainer(VmdkOptions options) : options_(options) {}

  /// Throws Error(InvalidArgument) for a codec other than zlib, for one that monolithicSparse is to be written with,
  /// and for a disk that is empty or too large for the grain size.
  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override;
  bool probe(const Blob& file) const override;
  /// Opens the files that a descriptor names (read/open_image.h says how). There are no snapshots.
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context) override;
  ContainerFacts inspect(const ContainerFile& file, Context& context) override;
  void check(const ContainerFile& file, Context& context) override;

 private:
  VmdkOptions options_;
};

}  // namespace fstool::vmdk
