// A container that puts a header in front of the disk, and what the kit says if it breaks a promise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "broken.h"

namespace fstool::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

enum class Fault {
  None,
  LosesTheLastByte,
  TellsFalseHoles,
  TellsAnotherSize,
  ReadsDifferentlyInParts,
  RecognizesAnything,
  RecognizesNothing,
  WritesTheNumberOfThreads,
  CallsItselfDamaged,
  OptionLosesBytes,
  ManglesCodecs,
  KeepsTheDisk,
  StreamsLoseBytes,
  CrashesOnDamage,
  TrustsTheSize,
};

constexpr std::string_view kMagic = "tests-box";
constexpr std::size_t kHeaderBytes = kMagic.size() + 2 * sizeof(std::uint64_t);
constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;

struct BoxOptions {
  bool lid = false;
};

/// A disk of which another Blob is wrong about something.
class WrongBlob final : public Blob {
 public:
  WrongBlob(BlobPtr blob, Fault fault) : blob_(std::move(blob)), fault_(fault) {}

  std::uint64_t size() const override { return blob_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    blob_->read(offset, out);
    const bool spoils = fault_ == Fault::ReadsDifferentlyInParts && offset > 0 && !out.empty();
    if (spoils) out.front() ^= std::byte{1};
  }
  Run run_at(std::uint64_t offset) const override { return {blob_->size() - offset, fault_ == Fault::TellsFalseHoles}; }

 private:
  BlobPtr blob_;
  Fault fault_;
};

class Box final : public Container {
 public:
  Box(Fault fault, BoxOptions options) : fault_(fault), options_(options) {}

  void write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) override {
    if (codec != nullptr && fault_ != Fault::ManglesCodecs) throw Error(ErrorCode::InvalidArgument, "no codecs");
    ByteVector header;
    put_text(header, kMagic);
    put(header, std::uint64_t{disk.size()});
    put(header, std::uint64_t{fault_ == Fault::WritesTheNumberOfThreads ? context.workers().size() : 0});
    output.write_at(0, header);
    std::uint64_t end = disk.size();
    const bool loses = fault_ == Fault::LosesTheLastByte || (fault_ == Fault::OptionLosesBytes && options_.lid) ||
                       (fault_ == Fault::StreamsLoseBytes && output.is_stream()) || codec != nullptr;
    if (loses) --end;
    ByteVector kept(fault_ == Fault::KeepsTheDisk ? disk.size() : 0, std::byte{1});
    ByteVector chunk(kChunkBytes);
    for (std::uint64_t at = 0; at < end; at += kChunkBytes) {
      const auto bytes = std::span(chunk).first(std::min<std::uint64_t>(kChunkBytes, end - at));
      disk.read(at, bytes);
      if (!kept.empty()) std::ranges::copy(bytes, kept.begin() + static_cast<std::ptrdiff_t>(at));
      output.write_at(kHeaderBytes + at, bytes);
    }
    output.set_size(kHeaderBytes + disk.size());
  }
  bool writes_streams() const override { return true; }

  bool probe(const Blob& file) const override {
    if (fault_ == Fault::RecognizesAnything) return true;
    if (fault_ == Fault::RecognizesNothing || file.size() < kHeaderBytes) return false;
    ByteVector magic(kMagic.size());
    file.read(0, magic);
    return std::memcmp(magic.data(), kMagic.data(), kMagic.size()) == 0;
  }

  BlobPtr open(const ContainerFile& file, std::string_view /*snapshot*/, Context& context) override {
    const std::uint64_t size = size_of(file);
    if (fault_ == Fault::CallsItselfDamaged) context.report_damage("it is damaged");
    const BlobPtr disk = make_slice_blob(file.bytes, kHeaderBytes, size);
    const bool is_wrong = fault_ == Fault::TellsFalseHoles || fault_ == Fault::ReadsDifferentlyInParts;
    return is_wrong ? std::make_shared<const WrongBlob>(disk, fault_) : disk;
  }
  ContainerFacts inspect(const ContainerFile& file, Context& /*context*/) override {
    ContainerFacts facts;
    facts.disk_size = size_of(file) + (fault_ == Fault::TellsAnotherSize ? 1 : 0);
    return facts;
  }

 private:
  std::uint64_t size_of(const ContainerFile& file) const {
    ByteVector header(std::min<std::uint64_t>(kHeaderBytes, file.bytes->size()));
    file.bytes->read(0, header);
    ByteReader reader(header);
    const bool is_box = header.size() == kHeaderBytes && reader.text(kMagic.size()) == kMagic;
    if (!is_box && fault_ == Fault::CrashesOnDamage) crash();
    if (!is_box) throw Error(ErrorCode::Corrupt, "no header");
    const auto size = reader.number<std::uint64_t>();
    if (fault_ == Fault::TrustsTheSize) return ByteVector(size).size();
    if (size != file.bytes->size() - kHeaderBytes) throw Error(ErrorCode::Corrupt, "the file has another size");
    return size;
  }

  const Fault fault_;
  const BoxOptions options_;
};

/// What the containers are offered.
class Nothing final : public Codec {
 public:
  std::string name() const override { return "nothing"; }
  std::unique_ptr<Compressor> compressor() const override { return nullptr; }
  std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
};

std::vector<std::string> failures_with(Fault fault, std::string* findings = nullptr) {
  Registry registry;
  registry.add(make_format<Container>("box", "A box.",
                                      OptionSet<BoxOptions>().add("lid", &BoxOptions::lid, "Has a lid."),
                                      [fault](BoxOptions options) { return std::make_unique<Box>(fault, options); }));
  registry.add(make_format<Codec>("nothing", "Nothing.", OptionSet<NoOptions>(),
                                  [](NoOptions) { return std::make_unique<Nothing>(); }));
  const auto result = test_only_format<Container>(registry);
  if (findings != nullptr) *findings = findings_of(result);
  return failed_checks(result);
}

TEST(ConformanceOfContainers, FindsNothingWrongWithAGoodOne) {
  std::string findings;
  EXPECT_THAT(failures_with(Fault::None, &findings), ElementsAre()) << findings;
}

TEST(ConformanceOfContainers, FindsADiskThatComesBackAsAnother) {
  EXPECT_THAT(failures_with(Fault::LosesTheLastByte), Contains("round_trip"));
  EXPECT_THAT(failures_with(Fault::TellsFalseHoles), Contains("round_trip"));
  EXPECT_THAT(failures_with(Fault::ReadsDifferentlyInParts), Contains("round_trip"));
  EXPECT_THAT(failures_with(Fault::TellsAnotherSize), Contains("round_trip"));
}

TEST(ConformanceOfContainers, FindsAProbeThatIsWrong) {
  EXPECT_THAT(failures_with(Fault::RecognizesAnything), ElementsAre("probe"));
  EXPECT_THAT(failures_with(Fault::RecognizesNothing), ElementsAre("probe"));
}

TEST(ConformanceOfContainers, FindsBytesThatDependOnTheThreads) {
  EXPECT_THAT(failures_with(Fault::WritesTheNumberOfThreads), Contains("determinism"));
}

TEST(ConformanceOfContainers, FindsDamageThatIsNone) {
  EXPECT_THAT(failures_with(Fault::CallsItselfDamaged), Contains("own_check"));
}

TEST(ConformanceOfContainers, FindsAnOptionThatLosesBytes) {
  EXPECT_THAT(failures_with(Fault::OptionLosesBytes), ElementsAre("options"));
}

TEST(ConformanceOfContainers, FindsACodecThatIsAcceptedAndLosesBytes) {
  EXPECT_THAT(failures_with(Fault::ManglesCodecs), ElementsAre("codecs"));
}

TEST(ConformanceOfContainers, FindsADiskThatIsKeptInMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need memory of their own";
#endif
  EXPECT_THAT(failures_with(Fault::KeepsTheDisk), ElementsAre("memory"));
}

TEST(ConformanceOfContainers, FindsAStreamThatLosesBytes) {
  EXPECT_THAT(failures_with(Fault::StreamsLoseBytes), ElementsAre("streams"));
}

TEST(ConformanceOfContainers, FindsDamageThatIsNotRefused) {
  EXPECT_THAT(failures_with(Fault::CrashesOnDamage), ElementsAre("damage"));
  EXPECT_THAT(failures_with(Fault::TrustsTheSize), ElementsAre("damage"));
}

}  // namespace
}  // namespace fstool::test
