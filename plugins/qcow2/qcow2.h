/// \file
/// The qcow2 container: QEMU's copy-on-write images, version 3.
#pragma once

#include <cstdint>
#include <string_view>

#include "fstool/container.h"
#include "fstool/options.h"
#include "fstool/size.h"

namespace fstool::qcow2 {

struct Qcow2Options {
  Bytes cluster_size{64 * 1024};
};

const OptionSet<Qcow2Options>& qcow2_options();

/// Writes images without backing file, snapshots or encryption, with refcounts of 16 bits. A codec ("deflate" or
/// "zstd") compresses each cluster that shrinks; clusters that are all zeros are left out. A disk that is not a
/// multiple of 512 bytes is padded with zeros to one, as the format counts sectors.
///
/// Reads images of versions 2 and 3 with all features of the specification but encryption.
class Qcow2Container : public Container {
 public:
  /// `options.cluster_size` is a power of two from 512 bytes to 2 MiB.
  explicit Qcow2Container(Qcow2Options options) : options_(options) {}

  /// Throws Error(InvalidArgument) for a codec that qcow2 doesn't know or whose streams its readers can't read, and for
  /// a disk that is too large for the cluster size.
  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override;
  bool probe(const Blob& file) const override;
  /// Follows backing chains and external data files (read/open_image.h says how).
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context) override;
  ContainerFacts inspect(const ContainerFile& file, Context& context) override;
  void check(const ContainerFile& file, Context& context) override;

 private:
  Qcow2Options options_;
};

}  // namespace fstool::qcow2
