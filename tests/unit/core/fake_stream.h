/// \file
/// A codec without a plugin whose streams are text: "stream+" or "stream-", and then frames, each a letter of what it
/// is made of, the number of its bytes in 8 decimal digits, and ';' ("a00001000;"). A frame of '.' is zeros, one of '!'
/// is damaged, one of '?' holds a byte less than it says. Only a stream with '+' tells where its frames are.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "fstool/codec.h"
#include "fstool/registry.h"
#include "fstool/stream.h"

namespace fstool::test {

struct FakeStreamLog {
  std::atomic<unsigned> frames_decoded = 0;  ///< by frame decoders
};

inline constexpr std::uint64_t kFakeFrameBytes = 10;

/// "a00001000;"
std::string fake_frame(char letter, std::uint64_t size);

std::unique_ptr<StreamFormat> make_fake_stream_format(FakeStreamLog& log);

/// Adds the codec "text" with such streams. The log must outlive the registry.
void add_fake_stream_codec(Registry& registry, FakeStreamLog& log);

}  // namespace fstool::test
