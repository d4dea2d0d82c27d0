/// \file
/// The simg container: Android's sparse images, version 1.0.
#pragma once

#include <cstdint>
#include <string_view>

#include "fstool/container.h"
#include "fstool/options.h"
#include "fstool/size.h"

namespace fstool::simg {

/// What blocks of zeros become.
enum class Zeros {
  Fill,      ///< chunks that fill with zeros: whoever writes the image to a device writes them
  DontCare,  ///< chunks that are skipped: the device keeps what it has there
};

struct SimgOptions {
  Bytes block_size{4096};
  Zeros zeros = Zeros::Fill;
  bool crc32 = false;
};

const OptionSet<SimgOptions>& simg_options();

/// Writes images of version 1.0 with as few chunks as the content allows: raw data, fills of a repeated 32-bit value,
/// and, if asked for, what is not to be cared for. A disk that is not a multiple of the block size is padded with zeros
/// to one, as img2simg does, because the format counts blocks. With `crc32`, the header and a chunk at the end have the
/// CRC-32 of the disk. A codec can't be used.
class SimgContainer : public Container {
 public:
  /// `options.block_size` is a power of two from 512 bytes to 1 MiB.
  explicit SimgContainer(SimgOptions options) : options_(options) {}

  /// Throws Error(InvalidArgument) for a codec, and for a disk of more blocks than 32 bits can number.
  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override;
  bool probe(const Blob& file) const override;
  /// What is not cared for is zeros. There are no snapshots.
  BlobPtr open(const ContainerFile& file, std::string_view snapshot, Context& context) override;
  ContainerFacts inspect(const ContainerFile& file, Context& context) override;
  void check(const ContainerFile& file, Context& context) override;

 private:
  SimgOptions options_;
};

}  // namespace fstool::simg
