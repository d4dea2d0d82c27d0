/// \file
/// The xz codec: one .xz Stream (the .xz file format 1.1.0, section 2.1) with one Block for each block of bytes.
#pragma once

#include <lzma.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "fstool/codec.h"
#include "fstool/options.h"

namespace fstool::xz {

inline constexpr int kHighestLevel = 9;

/// The integrity check of the content.
enum class Check : std::uint8_t { None, Crc32, Crc64, Sha256 };

struct XzOptions {
  int level = 6;
  bool extreme = false;
  Check check = Check::Crc64;
};

const OptionSet<XzOptions>& xz_options();

/// Frames are as large as the dictionary of the level, and no smaller than usual.
class XzCodec : public Codec {
 public:
  explicit XzCodec(XzOptions options);

  std::string name() const override { return "xz"; }
  std::unique_ptr<Compressor> compressor() const override;
  std::unique_ptr<Decompressor> decompressor() const override;
  std::size_t history_bytes() const override { return lzma_.dict_size; }
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override;
  std::size_t frame_bytes() const override;
  std::unique_ptr<StreamFormat> stream_format() const override;

 private:
  XzOptions options_;
  lzma_options_lzma lzma_{};
};

}  // namespace fstool::xz
