// The promises of "fstool/codec.h" about blocks; stream_checks.cpp has those about streams.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "checklist.h"
#include "codec_blocks.h"
#include "damage.h"
#include "fstool/error.h"
#include "option_checks.h"
#include "parallel.h"
#include "stream_checks.h"

namespace fstool::conformance {

namespace {

void require_back(Decompressor& decompressor, std::span<const std::byte> stream, const ByteVector& content,
                  std::string_view how) {
  const ByteVector out = decompressed(decompressor, stream, content.size());
  require(out == content, fmt::format("it comes back as other bytes{}", how));
}

/// With padding behind the stream, as containers have it.
void require_padding_is_ignored(Decompressor& decompressor, const ByteVector& stream, const ByteVector& content) {
  for (const std::byte padding : {std::byte{0}, std::byte{0xff}}) {
    ByteVector padded = stream;
    padded.insert(padded.end(), 700, padding);
    require_back(decompressor, padded, content, " if something lies behind the stream");
  }
}

/// Some of each kind, where each is compressed several times.
std::vector<SampleBlock> few_blocks() {
  return {{"no bytes", {}},
          {"1 byte", ByteVector(1)},
          {"5000 bytes of text", text_bytes(5000, 1)},
          {"5000 random bytes", random_bytes(5000, 2)},
          {"70000 zeros", ByteVector(70'000)},
          {"70000 bytes of all kinds", mixed_bytes(70'000, 3)}};
}

void check_round_trip(CheckRun& run, const Codec& codec) {
  const auto compressor = codec.compressor();
  const auto decompressor = codec.decompressor();
  run.attempt("the codec", [&] { require(compressor && decompressor, "compressor() or decompressor() is null"); });
  for (const SampleBlock& block : sample_blocks(run.settings().thorough)) {
    run.attempt(block.name, [&] {
      const ByteVector stream = compressed(*compressor, block.bytes);
      require_back(*decompressor, stream, block.bytes, "");
      require_padding_is_ignored(*decompressor, stream, block.bytes);
    });
  }
}

/// Refuses what is too large for the room, on both ways.
void check_room(CheckRun& run, const Codec& codec) {
  const auto compressor = codec.compressor();
  const auto decompressor = codec.decompressor();
  for (const SampleBlock& block : sample_blocks(false)) {
    run.attempt(block.name, [&] {
      const ByteVector stream = compressed(*compressor, block.bytes);
      for (const std::size_t room : {std::size_t{0}, stream.size() / 2, stream.size() - 1}) {
        if (room >= stream.size()) continue;
        require(!compressed(*compressor, block.bytes, room),
                fmt::format("{} bytes are said to fit into {}", stream.size(), room));
      }
      if (const auto exact = compressed(*compressor, block.bytes, stream.size())) {
        require(*exact == stream, "it becomes another stream if there is room for no more than it takes");
      }
      if (block.bytes.empty()) return;
      for (const std::size_t room : {std::size_t{0}, block.bytes.size() / 2, block.bytes.size() - 1}) {
        const bool came_out = tolerate([&] { decompressed(*decompressor, stream, room); });
        require(!came_out, fmt::format("its {} bytes are said to fit into {}", block.bytes.size(), room));
      }
    });
  }
}

/// What a compressor made before, and which one it is, makes no difference.
void check_determinism(CheckRun& run, const Format<Codec>& format) {
  const auto codec = format.create({});
  const auto used = codec->compressor();
  for (const SampleBlock& block : few_blocks()) {
    run.attempt(block.name, [&] {
      const ByteVector expected = compressed(*format.create({})->compressor(), block.bytes);
      require(compressed(*codec->compressor(), block.bytes) == expected, "another compressor makes another stream");
      require(compressed(*used, block.bytes) == expected, "a compressor makes another stream after others");
      compressed(*used, block.bytes, expected.size() / 2);
      require(compressed(*used, block.bytes) == expected,
              "a compressor makes another stream after one that didn't fit");
    });
  }
}

/// One codec, a compressor and a decompressor for each thread.
void check_threads(CheckRun& run, const Codec& codec) {
  const std::vector<SampleBlock> blocks = few_blocks();
  run.attempt(fmt::format("{} threads", run.settings().threads), [&] {
    std::vector<ByteVector> expected;
    expected.reserve(blocks.size());
    for (const SampleBlock& block : blocks) expected.push_back(compressed(*codec.compressor(), block.bytes));
    on_threads(run.settings().threads, [&](unsigned thread) {
      const auto compressor = codec.compressor();
      const auto decompressor = codec.decompressor();
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        const std::size_t at = (i + thread * 5) % blocks.size();
        const ByteVector stream = compressed(*compressor, blocks[at].bytes);
        require(stream == expected[at], fmt::format("{} become another stream", blocks[at].name));
        require_back(*decompressor, stream, blocks[at].bytes, "");
      }
    });
  });
}

void check_codec_options(CheckRun& run, const Format<Codec>& format) {
  const ByteVector block = mixed_bytes(50'000, 3);
  for (const OptionSample& sample : option_samples(format.info.options, run.settings().thorough)) {
    run.attempt(sample.label, [&] {
      std::unique_ptr<Codec> codec;
      if (!unless_refused([&] { codec = format.create(sample.table); })) return;
      const ByteVector stream = compressed(*codec->compressor(), block);
      require_back(*codec->decompressor(), stream, block, "");
      require_back(*format.create({})->decompressor(), stream, block, " without the options");
    });
  }
}

/// Damage is refused or not noticed, and a stream that ends early is refused.
void check_codec_damage(CheckRun& run, const Codec& codec) {
  run.limit_memory(run.settings().damage_memory);
  const ByteVector content = mixed_bytes(20'000, 4);
  const ByteVector stream = compressed(*codec.compressor(), content);
  const auto decompressor = codec.decompressor();
  with_damaged(run, "a stream", stream, [&](const ByteVector& damaged) {
    for (const Guard guard : {Guard::Front, Guard::Back}) {
      tolerate([&] {
        const ByteVector out = decompressed(*decompressor, damaged, content.size(), guard);
        require(damaged.size() == stream.size() || out == content, "a stream that ends early is not refused");
      });
      tolerate([&] { decompressed(*decompressor, damaged, content.size() / 2, guard); });
    }
    require_back(*codec.decompressor(), stream, content, "");
    require_back(*decompressor, stream, content, " after something damaged");
  });
}

}  // namespace

void check_codec(const Format<Codec>& format, Checklist& list) {
  const auto run_with_codec = [&](const char* name, void (*check)(CheckRun&, const Codec&)) {
    list.run(name, [&](CheckRun& run) { check(run, *format.create({})); });
  };
  list.run("name", [&](CheckRun& run) {
    run.attempt("name()", [&] {
      const std::string name = format.create({})->name();
      require(list.registry().all<Codec>().contains(name),
              fmt::format("no codec is registered by the name \"{}\" that it has", name));
    });
  });
  run_with_codec("round_trip", check_round_trip);
  run_with_codec("room", check_room);
  list.run("determinism", [&](CheckRun& run) { check_determinism(run, format); });
  run_with_codec("threads", check_threads);
  list.run("options", [&](CheckRun& run) { check_codec_options(run, format); });
  run_with_codec("damage", check_codec_damage);
  check_streams(format, list);
}

}  // namespace fstool::conformance
