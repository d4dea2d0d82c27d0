/// \file
/// The qcow2 container: QEMU's copy-on-write images.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fstool/container.h"
#include "fstool/options.h"
#include "fstool/size.h"
#include "write/image_settings.h"

namespace fstool::qcow2 {

/// The QEMU since which the image can be read.
enum class Compat : std::uint8_t {
  Old,      ///< 0.10, version 2
  Current,  ///< 1.1, version 3
};

/// As `qemu-img create -o` names them, and `dedup`.
struct Qcow2Options {
  Bytes cluster_size{64 * 1024};
  Compat compat = Compat::Current;
  std::uint32_t refcount_bits = 16;
  bool extended_l2 = false;
  bool lazy_refcounts = false;
  Preallocation preallocation = Preallocation::Off;
  bool dedup = false;
  std::string backing_file = {};
  std::string backing_format = {};
  std::string data_file = {};
  bool data_file_raw = false;
};

const OptionSet<Qcow2Options>& qcow2_options();

/// Writes images of versions 2 and 3 without snapshots or encryption. A codec ("deflate" or "zstd") compresses each
/// cluster that shrinks; clusters that are all zeros are left out, as are those that are as the backing file has them.
/// A disk that is not a multiple of 512 bytes is padded with zeros to one, as the format counts sectors.
///
/// Reads images of versions 2 and 3 with all features of the specification but encryption.
class Qcow2Container : public Container {
 public:
  /// Throws Error(InvalidArgument) for options that contradict each other.
  explicit Qcow2Container(Qcow2Options options);

  /// Opens the backing file, relative to the directory of the output. Throws Error(InvalidArgument) for a codec that
  /// the image can't have or whose streams its readers can't read, for a disk that is too large for the cluster size,
  /// and for an output that would replace its own backing file; and as open() for the backing file.
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
