/// \file
/// The codec "bzip2": one stream of bzip2 1.0 for each block of bytes. Streams that follow each other are what `bzip2
/// -d` reads as one file.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "fstool/codec.h"
#include "fstool/options.h"

namespace bzip2_codec {

struct Bzip2Options {
  int level = 9;
};

const fstool::OptionSet<Bzip2Options>& bzip2_options();

class Bzip2Codec : public fstool::Codec {
 public:
  explicit Bzip2Codec(Bzip2Options options) : options_(options) {}

  std::string name() const override { return "bzip2"; }
  std::unique_ptr<fstool::Compressor> compressor() const override;
  std::unique_ptr<fstool::Decompressor> decompressor() const override;
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override;
  std::unique_ptr<fstool::StreamFormat> stream_format() const override;

 private:
  Bzip2Options options_;
};

}  // namespace bzip2_codec
