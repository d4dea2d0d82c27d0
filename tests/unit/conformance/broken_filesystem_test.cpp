// A file system of files in one directory, and what the kit says if it breaks a promise.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "broken.h"
#include "fstool/usage.h"

namespace fstool::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

enum class Fault {
  None,
  LosesAFile,
  LosesAMode,
  LosesModesOfAll,
  IgnoresTheSize,
  LeavesNoRoom,
  ReadsContents,
  CountsImages,
  FollowsInsertion,
  RecognizesAnything,
  TellsAnotherLabel,
  IgnoresTheScope,
  TellsUsesWithGaps,
  CallsItselfDamaged,
  IsForOneThread,
  OptionBreaksTheMagic,
  CrashesOnDamage,
  ImageReadsDifferently,
  RefusesWithInternal,
};

constexpr std::string_view kMagic = "flatfs";
constexpr std::uint32_t kBlock = 512;

struct FlatOptions {
  bool odd = false;
};

/// Fixed facts of the image, which begins with them: magic, size, number of files, bytes of metadata.
struct Header {
  std::uint64_t size = 0;
  std::uint64_t files = 0;
  std::uint64_t metadata = 0;
};

class Spoiled final : public Blob {
 public:
  explicit Spoiled(BlobPtr blob) : blob_(std::move(blob)) {}
  std::uint64_t size() const override { return blob_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    blob_->read(offset, out);
    if (offset % 2 == 1 && !out.empty()) out.front() ^= std::byte{1};
  }

 private:
  BlobPtr blob_;
};

class FlatFilesystem final : public Filesystem {
 public:
  FlatFilesystem(Fault fault, FlatOptions options) : fault_(fault), options_(options) {}

  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  bool probe(const Blob& image) const override {
    if (fault_ == Fault::RecognizesAnything) return true;
    if (image.size() < kMagic.size()) return false;
    ByteVector magic(kMagic.size());
    image.read(0, magic);
    return std::memcmp(magic.data(), kMagic.data(), kMagic.size()) == 0;
  }
  VolumeFacts inspect(BlobPtr image, Context& context) override {
    VolumeFacts facts = open(std::move(image), {}, context).facts;
    if (fault_ == Fault::TellsAnotherLabel) facts.label = "another";
    return facts;
  }
  Volume open(BlobPtr image, const OpenScope& scope, Context& context) override;
  std::optional<VolumeUsage> usage(BlobPtr image, std::size_t /*largest_files*/, Context& context) override {
    VolumeUsage usage{open(std::move(image), {}, context), {}, {}, {}};
    const std::uint64_t size = usage.volume.facts.size;
    if (size > 1) usage.ranges = {{{0, 1}, Use::Metadata}, {{1, size - 1}, Use::Content}};
    if (fault_ == Fault::TellsUsesWithGaps) usage.ranges.erase(usage.ranges.begin());
    return usage;
  }

 private:
  ByteVector metadata_of(const Tree& tree) const;
  void refuse(const Tree& tree) const;

  const Fault fault_;
  const FlatOptions options_;
  unsigned images_ = 0;
  std::atomic<std::thread::id> user_;
};

/// Plain files in the root alone.
void FlatFilesystem::refuse(const Tree& tree) const {
  for (NodeId id = 1; id < tree.node_count(); ++id) {
    const Node& node = tree.node(id);
    if (node.kind == NodeKind::File && tree.links(id) == 1 && !node.xattrs) continue;
    throw Error(fault_ == Fault::RefusesWithInternal ? ErrorCode::Internal : ErrorCode::Unsupported,
                "it is no plain file");
  }
}

ByteVector FlatFilesystem::metadata_of(const Tree& tree) const {
  ByteVector bytes;
  const auto add = [&](std::string_view name, const Node& node) {
    put(bytes, std::uint64_t{name.size()});
    put_text(bytes, name);
    const bool loses_mode = fault_ == Fault::LosesModesOfAll || (fault_ == Fault::LosesAMode && name == "mode600");
    put(bytes, loses_mode ? std::uint16_t{0777} : node.permissions);
    put(bytes, node.uid);
    put(bytes, node.gid);
    put(bytes, node.mtime.seconds);
    put(bytes, node.mtime.nanoseconds);
    put(bytes, std::uint64_t{node.content ? node.content->size() : 0});
  };
  for (const DirEntry& entry : tree.entries(Tree::kRoot)) {
    if (fault_ == Fault::LosesAFile && entry.name == "file1") continue;
    add(entry.name, tree.node(entry.node));
  }
  return bytes;
}

FormattedVolume FlatFilesystem::format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                                       Context& /*context*/) {
  refuse(*tree);
  const ByteVector metadata = metadata_of(*tree);
  ByteVector bytes;
  put_text(bytes, options_.odd && fault_ == Fault::OptionBreaksTheMagic ? "oddity" : kMagic);
  Header header{0, tree->entries(Tree::kRoot).size() - (fault_ == Fault::LosesAFile && tree->find(0, "file1") ? 1 : 0),
                metadata.size()};
  std::uint64_t used = kMagic.size() + sizeof(header) + sizeof(std::uint64_t) + metadata.size();
  std::vector<std::pair<std::uint64_t, BlobPtr>> contents;
  for (const DirEntry& entry : tree->entries(Tree::kRoot)) {
    if (fault_ == Fault::LosesAFile && entry.name == "file1") continue;
    const BlobPtr content = tree->node(entry.node).content;
    if (!content || content->size() == 0) continue;
    if (fault_ == Fault::ReadsContents) read_all(*make_slice_blob(content, 0, 1), 1);
    contents.emplace_back(used, content);
    used += content->size();
  }
  const std::uint64_t percent = request.size.free_percent;
  std::uint64_t wanted = std::max(used + request.size.free_bytes, used * 100 / (100 - percent) + 64 * kBlock);
  if (fault_ == Fault::LeavesNoRoom) wanted = used + kBlock;
  header.size = request.size.fixed.value_or((wanted / kBlock + 2) * kBlock);
  if (fault_ == Fault::IgnoresTheSize && request.size.fixed) header.size += kBlock;
  if (used > header.size) throw Error(ErrorCode::NoSpace, "too small");
  put(bytes, header);
  put(bytes, std::uint64_t{fault_ == Fault::CountsImages ? ++images_ : 0} +
                 (fault_ == Fault::FollowsInsertion && tree->node_count() > 1 ? tree->entries(0)[0].node : 0));
  bytes.insert(bytes.end(), metadata.begin(), metadata.end());
  BlobBuilder builder;
  builder.add(0, make_memory_blob(bytes));
  for (const auto& [offset, content] : contents) builder.add(offset, content);
  FormattedVolume volume;
  volume.image = builder.finish(header.size);
  if (fault_ == Fault::ImageReadsDifferently) volume.image = std::make_shared<const Spoiled>(volume.image);
  volume.facts.type = "flat";
  volume.facts.size = header.size;
  volume.facts.block_size = kBlock;
  volume.facts.blocks = header.size / kBlock;
  volume.facts.free_blocks = (header.size - used) / kBlock;
  return volume;
}

Volume FlatFilesystem::open(BlobPtr image, const OpenScope& scope, Context& context) {
  if (image->size() < kMagic.size() + sizeof(Header) + 8 || !probe(*image)) {
    if (fault_ == Fault::CrashesOnDamage) crash();
    throw Error(ErrorCode::Corrupt, "no header");
  }
  if (fault_ == Fault::CallsItselfDamaged) context.report_damage("it is damaged");
  if (fault_ == Fault::IsForOneThread) {
    std::thread::id nobody;
    const std::thread::id here = std::this_thread::get_id();
    const bool is_first = user_.compare_exchange_strong(nobody, here);
    if (!is_first && user_ != here) throw Error(ErrorCode::Corrupt, "it is for one thread");
  }
  const std::uint64_t start = kMagic.size() + sizeof(Header) + 8;
  ByteVector head(start);
  image->read(0, head);
  ByteReader header_reader(head);
  header_reader.take(kMagic.size());
  const auto header = header_reader.number<Header>();
  if (header.size != image->size() || header.metadata > image->size() - start) {
    throw Error(ErrorCode::Corrupt, "it has another size");
  }
  ByteVector metadata(header.metadata);
  image->read(start, metadata);
  ByteReader reader(metadata);
  Volume volume;
  std::uint64_t at = start + header.metadata;
  const std::string wanted = scope.path.substr(0, scope.path.find('/'));
  for (std::uint64_t i = 0; i < header.files; ++i) {
    const std::string name = reader.text(reader.number<std::uint64_t>());
    Node node;
    node.permissions = reader.number<std::uint16_t>() & 07777U;
    node.uid = reader.number<std::uint32_t>();
    node.gid = reader.number<std::uint32_t>();
    node.mtime.seconds = reader.number<std::int64_t>();
    node.mtime.nanoseconds = reader.number<std::uint32_t>() % 1'000'000'000;
    const auto size = reader.number<std::uint64_t>();
    if (size > image->size() - at) throw Error(ErrorCode::Corrupt, "a file lies outside");
    node.content = make_slice_blob(image, at, size);
    at += size;
    if (fault_ == Fault::IgnoresTheScope && name == wanted) continue;
    try {
      volume.tree.add(Tree::kRoot, name, std::move(node));
    } catch (const Error& error) {
      throw Error(ErrorCode::Corrupt, error.what());
    }
  }
  volume.facts.type = "flat";
  volume.facts.size = header.size;
  volume.facts.block_size = kBlock;
  volume.facts.blocks = header.size / kBlock;
  volume.facts.free_blocks = (header.size - at) / kBlock;
  return volume;
}

conformance::FormatResult result_with(Fault fault) {
  Registry registry;
  registry.add(make_format<Filesystem>(
      "flat", "Files in one directory.", OptionSet<FlatOptions>().add("odd", &FlatOptions::odd, "Makes no difference."),
      [fault](FlatOptions options) { return std::make_unique<FlatFilesystem>(fault, options); }));
  return test_only_format<Filesystem>(registry);
}

std::vector<std::string> failures_with(Fault fault) { return failed_checks(result_with(fault)); }

TEST(ConformanceOfFilesystems, FindsNothingWrongWithAGoodOne) {
  const auto result = result_with(Fault::None);
  EXPECT_TRUE(result.passed()) << findings_of(result);
}

TEST(ConformanceOfFilesystems, SaysWhatAFormatDoesNotHold) {
  const auto result = result_with(Fault::None);
  const auto features = std::ranges::find(result.checks, "features", &conformance::CheckResult::name);
  ASSERT_NE(features, result.checks.end());
  EXPECT_THAT(features->notes, Contains("hard links: refused"));
}

TEST(ConformanceOfFilesystems, FindsATreeThatComesBackAsAnother) {
  EXPECT_THAT(failures_with(Fault::LosesAFile), Contains("round_trip"));
  EXPECT_THAT(failures_with(Fault::LosesAMode), Contains("round_trip"));
}

TEST(ConformanceOfFilesystems, SaysWhatAFormatDoesNotKeep) {
  const auto result = result_with(Fault::LosesModesOfAll);
  EXPECT_TRUE(result.passed()) << findings_of(result);
  const auto features = std::ranges::find(result.checks, "features", &conformance::CheckResult::name);
  EXPECT_THAT(features->notes, Contains("it does not keep all modes"));
}

TEST(ConformanceOfFilesystems, FindsARefusalThatIsNone) {
  EXPECT_THAT(failures_with(Fault::RefusesWithInternal), Contains("features"));
}

TEST(ConformanceOfFilesystems, FindsSizesThatAreIgnored) {
  EXPECT_THAT(failures_with(Fault::IgnoresTheSize), Contains("sizes"));
  EXPECT_THAT(failures_with(Fault::LeavesNoRoom), ElementsAre("sizes"));
}

TEST(ConformanceOfFilesystems, FindsAnImageThatReadsDifferentlyInParts) {
  EXPECT_THAT(failures_with(Fault::ImageReadsDifferently), Contains("image"));
}

TEST(ConformanceOfFilesystems, FindsContentsThatAreReadTooEarly) {
  EXPECT_THAT(failures_with(Fault::ReadsContents), ElementsAre("lazy_contents"));
}

TEST(ConformanceOfFilesystems, FindsBytesThatDependOnMoreThanTheTree) {
  EXPECT_THAT(failures_with(Fault::FollowsInsertion), Contains("determinism"));
  EXPECT_THAT(failures_with(Fault::CountsImages), Contains("determinism"));
}

TEST(ConformanceOfFilesystems, FindsObjectsThatAreNotThreadSafe) {
  EXPECT_THAT(failures_with(Fault::IsForOneThread), Contains("threads"));
}

TEST(ConformanceOfFilesystems, FindsAProbeThatIsWrong) {
  EXPECT_THAT(failures_with(Fault::RecognizesAnything), Contains("probe"));
}

TEST(ConformanceOfFilesystems, FindsFactsThatContradictEachOther) {
  EXPECT_THAT(failures_with(Fault::TellsAnotherLabel), ElementsAre("inspect"));
}

TEST(ConformanceOfFilesystems, FindsAScopeThatIsIgnored) {
  EXPECT_THAT(failures_with(Fault::IgnoresTheScope), Contains("open_scope"));
}

TEST(ConformanceOfFilesystems, FindsUsesWithGaps) {
  EXPECT_THAT(failures_with(Fault::TellsUsesWithGaps), Contains("usage"));
}

TEST(ConformanceOfFilesystems, FindsDamageThatIsNone) {
  EXPECT_THAT(failures_with(Fault::CallsItselfDamaged), Contains("own_check"));
}

TEST(ConformanceOfFilesystems, FindsAnOptionThatBreaksTheImage) {
  EXPECT_THAT(failures_with(Fault::OptionBreaksTheMagic), ElementsAre("options"));
}

TEST(ConformanceOfFilesystems, FindsDamageThatIsNotRefused) {
  EXPECT_THAT(failures_with(Fault::CrashesOnDamage), Contains("damage"));
}

}  // namespace
}  // namespace fstool::test
