// A codec that stores, and what the kit says if it breaks a promise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "broken.h"
#include "fstool/stream.h"

namespace fstool::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

enum class Fault {
  None,
  LosesAByte,
  IgnoresRoom,
  WritesBehindTheRoom,
  ReadsBehindTheInput,
  RemembersBlocks,
  SharesABuffer,
  TakesCutStreams,
  CrashesOnDamage,
  HangsOnDamage,
  AllocatesWhatDamageSays,
  ThrowsSomethingElse,
  LevelBreaks,
  OtherName,
  FramesBeyondBound,
  RecognizesAnything,
  SpillsFrames,
  StreamLosesAByte,
  StreamCrashes,
};

constexpr std::string_view kMagic = "stor";
constexpr std::size_t kHeaderBytes = 4 + sizeof(std::uint64_t);

struct StoreOptions {
  std::uint32_t level = 1;
};

ByteVector header_of(std::size_t size) {
  ByteVector header;
  put_text(header, kMagic);
  put(header, std::uint64_t{size});
  return header;
}

/// The size that a stream says its content has. Throws Error(Corrupt).
std::uint64_t stored_size(std::span<const std::byte> in) {
  ByteReader reader(in);
  if (reader.text(kMagic.size()) != kMagic) throw Error(ErrorCode::Corrupt, "no header");
  return reader.number<std::uint64_t>();
}

/// Of all threads, for codecs that share what they must not.
struct Shared {
  ByteVector buffer;
};

class StoreCompressor final : public Compressor {
 public:
  StoreCompressor(Fault fault, std::uint32_t level, Shared& shared) : fault_(fault), level_(level), shared_(shared) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    ByteVector stream = header_of(in.size());
    stream.insert(stream.end(), in.begin(), in.end());
    if (fault_ == Fault::ReadsBehindTheInput && in.size() == 4096) stream.back() = *(in.data() + in.size());
    if (fault_ == Fault::LosesAByte && in.size() > 600) stream.back() = std::byte{0x5a};
    if (fault_ == Fault::LevelBreaks && level_ == 9) stream.back() = std::byte{0x5a};
    if (fault_ == Fault::RemembersBlocks) stream.insert(stream.end(), blocks_++ % 2, std::byte{1});
    if (fault_ == Fault::SharesABuffer) pass_through_buffer(stream);
    if (fault_ == Fault::WritesBehindTheRoom) std::memset(out.data(), 1, stream.size());
    if (stream.size() > out.size()) {
      if (fault_ == Fault::IgnoresRoom) return out.size();
      return std::nullopt;
    }
    std::ranges::copy(stream, out.begin());
    return stream.size();
  }

 private:
  /// Others may write to it meanwhile.
  void pass_through_buffer(ByteVector& stream) const {
    shared_.buffer.assign(stream.begin(), stream.end());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stream = shared_.buffer;
  }

  const Fault fault_;
  const std::uint32_t level_;
  Shared& shared_;
  unsigned blocks_ = 0;
};

class StoreDecompressor final : public Decompressor {
 public:
  explicit StoreDecompressor(Fault fault) : fault_(fault) {}

  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    try {
      const std::uint64_t size = stored_size(in);
      if (fault_ == Fault::AllocatesWhatDamageSays) ByteVector(size / 2).swap(memory_);
      if (size > out.size()) throw Error(ErrorCode::Corrupt, "too many bytes");
      const std::size_t there = in.size() - kHeaderBytes;
      if (size > there && fault_ != Fault::TakesCutStreams) throw Error(ErrorCode::Corrupt, "it ends early");
      std::ranges::copy(in.subspan(kHeaderBytes, std::min<std::size_t>(size, there)), out.begin());
      return size;
    } catch (const Error&) {
      if (fault_ == Fault::CrashesOnDamage && out.size() == 20'000) crash();
      if (fault_ == Fault::HangsOnDamage && out.size() == 20'000) hang();
      if (fault_ == Fault::ThrowsSomethingElse) throw 42;  // NOLINT(hicpp-exception-baseclass): that is the fault
      throw;
    }
  }

 private:
  [[noreturn]] static void hang() {
    for (std::atomic<unsigned> turns = 0;; ++turns) {
    }
  }

  const Fault fault_;
  ByteVector memory_;
};

class StoreStreamDecoder final : public StreamDecoder {
 public:
  explicit StoreStreamDecoder(Fault fault) : fault_(fault) {}

  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    Step step;
    while (header_.size() < kHeaderBytes && step.consumed < in.size()) header_.push_back(in[step.consumed++]);
    if (header_.size() < kHeaderBytes) return step;
    if (!left_) start_frame();
    step.produced = std::min<std::uint64_t>({*left_, out.size(), in.size() - step.consumed});
    std::ranges::copy(in.subspan(step.consumed, step.produced), out.begin());
    if (fault_ == Fault::StreamLosesAByte && step.produced > 0) out[0] ^= std::byte{1};
    step.consumed += step.produced;
    *left_ -= step.produced;
    if (*left_ > 0) return step;
    step.frame_ended = true;
    header_.clear();
    left_.reset();
    return step;
  }
  bool may_end() const override { return header_.empty(); }

 private:
  void start_frame() {
    try {
      left_ = stored_size(header_);
    } catch (const Error&) {
      if (fault_ == Fault::StreamCrashes) crash();
      throw;
    }
  }

  const Fault fault_;
  ByteVector header_;
  std::optional<std::uint64_t> left_;
};

class StoreStreams final : public StreamFormat {
 public:
  explicit StoreStreams(Fault fault) : fault_(fault) {}

  bool probe(const Blob& file) const override {
    if (fault_ == Fault::RecognizesAnything) return true;
    if (file.size() < kMagic.size()) return false;
    ByteVector magic(kMagic.size());
    file.read(0, magic);
    return std::memcmp(magic.data(), kMagic.data(), kMagic.size()) == 0;
  }
  std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& /*context*/) const override {
    std::vector<StreamFrame> frames;
    for (std::uint64_t at = 0; at < file.size();) {
      ByteVector header(std::min<std::uint64_t>(kHeaderBytes, file.size() - at));
      file.read(at, header);
      const std::uint64_t size = stored_size(header);
      if (size > file.size() - at - kHeaderBytes) throw Error(ErrorCode::Corrupt, "it ends early");
      frames.push_back({at, kHeaderBytes + size, size, 0});
      at += kHeaderBytes + size;
    }
    if (fault_ == Fault::SpillsFrames && !frames.empty()) frames.back().stored += 1;
    return frames;
  }
  std::unique_ptr<FrameDecoder> frame_decoder() const override { return make_frame_decoder(stream_decoder()); }
  std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return std::make_unique<StoreStreamDecoder>(fault_);
  }

 private:
  const Fault fault_;
};

class StoreCodec final : public Codec {
 public:
  StoreCodec(Fault fault, StoreOptions options) : fault_(fault), options_(options) {}

  std::string name() const override { return fault_ == Fault::OtherName ? "other" : "store"; }
  std::unique_ptr<Compressor> compressor() const override {
    return std::make_unique<StoreCompressor>(fault_, options_.level, shared_);
  }
  std::unique_ptr<Decompressor> decompressor() const override { return std::make_unique<StoreDecompressor>(fault_); }
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override {
    return bytes + (fault_ == Fault::FramesBeyondBound ? 2 : kHeaderBytes);
  }
  std::unique_ptr<StreamFormat> stream_format() const override { return std::make_unique<StoreStreams>(fault_); }

 private:
  const Fault fault_;
  const StoreOptions options_;
  mutable Shared shared_;
};

Registry registry_with(Fault fault) {
  Registry registry;
  registry.add(make_format<Codec>(
      "store", "Stores.", OptionSet<StoreOptions>().add("level", &StoreOptions::level, "From 1 to 9.", in_range(1, 9)),
      [fault](StoreOptions options) { return std::make_unique<StoreCodec>(fault, options); }));
  return registry;
}

std::vector<std::string> failures_with(Fault fault, std::string* findings = nullptr) {
  const auto result = test_only_format<Codec>(registry_with(fault));
  if (findings != nullptr) *findings = findings_of(result);
  return failed_checks(result);
}

TEST(ConformanceOfCodecs, FindsNothingWrongWithAGoodOne) {
  const auto result = test_only_format<Codec>(registry_with(Fault::None));
  EXPECT_TRUE(result.passed()) << findings_of(result);
}

TEST(ConformanceOfCodecs, FindsABlockThatComesBackAsAnother) {
  EXPECT_THAT(failures_with(Fault::LosesAByte), Contains("round_trip"));
}

TEST(ConformanceOfCodecs, FindsRoomThatIsIgnored) {
  EXPECT_THAT(failures_with(Fault::IgnoresRoom), Contains("room"));
  EXPECT_THAT(failures_with(Fault::WritesBehindTheRoom), Contains("room"));
}

TEST(ConformanceOfCodecs, FindsReadingBehindTheInput) {
  EXPECT_THAT(failures_with(Fault::ReadsBehindTheInput), Contains("round_trip"));
}

TEST(ConformanceOfCodecs, FindsACompressorThatRemembers) {
  EXPECT_THAT(failures_with(Fault::RemembersBlocks), Contains("determinism"));
}

TEST(ConformanceOfCodecs, FindsThreadsThatDisturbEachOther) {
  EXPECT_THAT(failures_with(Fault::SharesABuffer), ElementsAre("threads"));
}

TEST(ConformanceOfCodecs, FindsDamageThatIsNotRefused) {
  for (const Fault fault : {Fault::TakesCutStreams, Fault::CrashesOnDamage, Fault::AllocatesWhatDamageSays}) {
    std::string findings;
    EXPECT_THAT(failures_with(fault, &findings), ElementsAre("damage")) << findings;
  }
  EXPECT_THAT(failures_with(Fault::ThrowsSomethingElse), Contains("damage"));
}

TEST(ConformanceOfCodecs, FindsDamageThatMakesItHang) {
  conformance::Settings settings = quick_settings();
  settings.case_cpu = std::chrono::milliseconds(500);
  const auto result = test_only_format<Codec>(registry_with(Fault::HangsOnDamage), settings);
  EXPECT_THAT(failed_checks(result), Contains("damage"));
  EXPECT_THAT(findings_of(result), testing::HasSubstr("no end after 500 ms of processor time"));
}

TEST(ConformanceOfCodecs, FindsAnOptionThatBreaksTheBytes) {
  EXPECT_THAT(failures_with(Fault::LevelBreaks), ElementsAre("options"));
}

TEST(ConformanceOfCodecs, FindsANameThatIsNotRegistered) {
  EXPECT_THAT(failures_with(Fault::OtherName), ElementsAre("name"));
}

TEST(ConformanceOfCodecs, FindsFramesThatAreLargerThanTheirBound) {
  EXPECT_THAT(failures_with(Fault::FramesBeyondBound), Contains("frames"));
}

TEST(ConformanceOfCodecs, FindsBrokenStreams) {
  EXPECT_THAT(failures_with(Fault::RecognizesAnything), ElementsAre("stream_probe"));
  EXPECT_THAT(failures_with(Fault::SpillsFrames), Contains("stream_frames"));
  EXPECT_THAT(failures_with(Fault::StreamLosesAByte), Contains("stream_decoder"));
  EXPECT_THAT(failures_with(Fault::StreamCrashes), ElementsAre("stream_damage"));
}

TEST(ConformanceOfCodecs, SaysInWhichCaseAProcessEnded) {
  const auto result = test_only_format<Codec>(registry_with(Fault::CrashesOnDamage));
  EXPECT_THAT(findings_of(result), testing::HasSubstr("a stream, cut off after 0 of its"));
}

}  // namespace
}  // namespace fstool::test
