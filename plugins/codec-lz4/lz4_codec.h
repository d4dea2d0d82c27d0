/// \file
/// The lz4 codec: frames of LZ4 (LZ4 frame format 1.6.1), one for each block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "fstool/codec.h"
#include "fstool/options.h"
#include "fstool/size.h"

namespace fstool::lz4 {

inline constexpr int kLowestLevel = -100;
inline constexpr int kHighestLevel = 12;

struct Lz4Options {
  int level = 1;
  bool checksum = true;
  Bytes block_size = {std::uint64_t{4} << 20U};
};

const OptionSet<Lz4Options>& lz4_options();

/// Frames tell the size of their content; their blocks don't depend on each other, as with lz4(1).
class Lz4Codec : public Codec {
 public:
  explicit Lz4Codec(Lz4Options options) : options_(options) {}

  std::string name() const override { return "lz4"; }
  std::unique_ptr<Compressor> compressor() const override;
  std::unique_ptr<Decompressor> decompressor() const override;
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override;
  std::unique_ptr<StreamFormat> stream_format() const override;

 private:
  Lz4Options options_;
};

}  // namespace fstool::lz4
