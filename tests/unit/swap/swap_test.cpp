// Swap areas: mkswap makes the same bytes, blkid, file and swaplabel say the same of them, and what is damaged is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

#include "fstool/usage.h"
#include "heard_context.h"
#include "run_tool.h"
#include "swap_filesystem.h"
#include "swap_header.h"

namespace fstool::swap {
namespace {

using boost::endian::order;
using test::HeardContext;
using test::thrown_by;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";
using LittleHeader = SwapHeader<order::little>;

SwapOptions options(std::uint64_t page_size = 4096, const std::string& label = "") {
  SwapOptions result;
  result.page_size = Bytes{page_size};
  result.volume_label = label;
  result.uuid = Uuid::parse(kUuid);
  return result;
}

FormattedVolume make(const SwapOptions& with, std::optional<std::uint64_t> size, HeardContext& heard, Tree tree = {}) {
  FormatRequest request{.size = {}, .seed = Seed("test")};
  request.size.fixed = size;
  return SwapFilesystem(with).format(std::make_shared<const Tree>(std::move(tree)), request, heard.context());
}

FormattedVolume make(const SwapOptions& with, std::uint64_t size) {
  HeardContext heard;
  return make(with, size, heard);
}

std::string success_of(const std::string& command) {
  const test::ToolResult result = test::run_tool(command);
  EXPECT_EQ(result.exit_code, 0) << command << '\n' << result.output;
  return result.output;
}

std::vector<std::byte> file_bytes(const std::filesystem::path& path) {
  return read_all(*open_file_blob(path), kMiB * 64);
}

class SwapOfPageSize : public testing::TestWithParam<std::uint32_t> {};

TEST_P(SwapOfPageSize, IsWhatMkswapMakes) {
  const test::TemporaryDirectory directory;
  const std::filesystem::path theirs = directory.path() / "theirs";
  for (const std::uint64_t size : {10 * std::uint64_t{GetParam()}, 8 * kMiB, 8 * kMiB + 512 * 3}) {
    for (const std::string label : {"", "swap", "fifteen letters"}) {
      SCOPED_TRACE(std::to_string(size) + " " + label);
      std::ofstream(theirs).close();
      std::filesystem::resize_file(theirs, size);
      success_of("mkswap -q -p " + std::to_string(GetParam()) + " -U " + kUuid +
                 (label.empty() ? "" : " -L '" + label + "'") + " '" + theirs.string() + "'");
      const FormattedVolume volume = make(options(GetParam(), label), size);
      EXPECT_TRUE(read_all(*volume.image, size) == file_bytes(theirs));
    }
  }
}

TEST_P(SwapOfPageSize, IsReadAndIsClean) {
  const FormattedVolume volume = make(options(GetParam(), "0123456789abcdef"), kMiB);
  HeardContext heard;
  SwapFilesystem filesystem({});
  ASSERT_TRUE(filesystem.probe(*volume.image));
  const Volume opened = filesystem.open(volume.image, {}, heard.context());
  EXPECT_EQ(opened.tree.node_count(), 1U);
  EXPECT_EQ(opened.facts.type, "swap");
  EXPECT_EQ(opened.facts.label, "0123456789abcdef");
  EXPECT_EQ(opened.facts.uuid, kUuid);
  EXPECT_EQ(opened.facts.size, kMiB);
  EXPECT_EQ(opened.facts.block_size, GetParam());
  EXPECT_EQ(opened.facts.blocks, kMiB / GetParam());
  EXPECT_EQ(opened.facts.free_blocks, kMiB / GetParam() - 1);
  EXPECT_EQ(opened.facts.state, "ready");
  EXPECT_THAT(opened.facts.features, IsEmpty());
  filesystem.check(volume.image, heard.context());
  EXPECT_THAT(heard.damage(), IsEmpty());
  EXPECT_THAT(heard.warnings(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, SwapOfPageSize, testing::ValuesIn(kPageSizes), testing::PrintToStringParamName());

TEST(Swap, IsKnownToOtherTools) {
  const test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "swap").string();
  test::write_blob(*make(options(4096, "sixteen letters!"), kMiB).image, path);
  const std::string blkid = success_of("blkid -p '" + path + "'");
  EXPECT_THAT(blkid, HasSubstr("TYPE=\"swap\""));
  EXPECT_THAT(blkid, HasSubstr("LABEL=\"sixteen letters!\""));
  EXPECT_THAT(blkid, HasSubstr(std::string("UUID=\"") + kUuid));
  EXPECT_THAT(success_of("file '" + path + "'"), HasSubstr("4k page size, little endian, version 1, size 255 pages"));
  EXPECT_THAT(success_of("swaplabel '" + path + "'"), HasSubstr(kUuid));
}

TEST(Swap, OfABigEndianMachineIsReadAndKnown) {
  SwapOptions with = options(65'536, "ppc64");
  with.endianness = order::big;
  const FormattedVolume volume = make(with, 4 * kMiB);
  HeardContext heard;
  const VolumeFacts facts = SwapFilesystem({}).inspect(volume.image, heard.context());
  EXPECT_EQ(facts.blocks, 64U);
  EXPECT_EQ(facts.label, "ppc64");
  EXPECT_THAT(facts.features, ElementsAre("big_endian"));
  const test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "swap").string();
  test::write_blob(*volume.image, path);
  EXPECT_THAT(success_of("blkid -p '" + path + "'"), HasSubstr("LABEL=\"ppc64\""));
}

TEST(Swap, HasHolesAllThrough) {
  const std::uint64_t size = std::uint64_t{1} << 40U;
  const FormattedVolume volume = make(options(65'536), size);
  EXPECT_EQ(volume.facts.blocks, size / 65'536);
  std::uint64_t stored = 0;
  for (const DataExtent& extent : data_extents(*volume.image, 0, size, 512)) stored += extent.length;
  EXPECT_EQ(stored, 1024U);
}

TEST(Swap, LargerThanAKernelCountsUsesWhatItCounts) {
  HeardContext heard;
  const FormattedVolume volume = make(options(), std::uint64_t{20} << 40U, heard);
  EXPECT_EQ(volume.facts.blocks, 0xffffffffU);
  EXPECT_THAT(heard.warnings(), ElementsAre(HasSubstr("only the first 16 TiB")));
  HeardContext checked;
  SwapFilesystem({}).check(volume.image, checked.context());
  EXPECT_THAT(checked.damage(), IsEmpty());
}

TEST(Swap, TakesItsUuidFromTheSeed) {
  SwapOptions with;
  const FormattedVolume first = make(with, kMiB);
  EXPECT_EQ(first.facts.uuid, make(with, kMiB).facts.uuid);
  EXPECT_TRUE(Uuid::parse(first.facts.uuid));
}

TEST(Swap, RefusesWhatItCantHold) {
  HeardContext heard;
  const auto without_size = thrown_by([&] { make(options(), std::nullopt, heard); });
  EXPECT_EQ(without_size.first, ErrorCode::InvalidArgument);
  EXPECT_THAT(without_size.second, HasSubstr("size = \"1GiB\""));
  const auto too_small = thrown_by([&] { make(options(16'384), 10 * 16'384 - 1, heard); });
  EXPECT_EQ(too_small.first, ErrorCode::NoSpace);
  EXPECT_THAT(too_small.second, HasSubstr("it needs 160 KiB"));
  Tree tree;
  tree.add(Tree::kRoot, "file", {});
  const auto with_files = thrown_by([&] { make(options(), kMiB, heard, std::move(tree)); });
  EXPECT_EQ(with_files.first, ErrorCode::Unsupported);
  EXPECT_THAT(with_files.second, HasSubstr("/file"));
  EXPECT_EQ(thrown_by([&] { SwapFilesystem(options(4096, std::string("a\0b", 3))); }).first,
            ErrorCode::InvalidArgument);
}

/// An area of 1 MiB to be damaged.
class DamagedSwap : public testing::Test {
 protected:
  LittleHeader& header() { return *reinterpret_cast<LittleHeader*>(&bytes_.at(kHeaderOffset)); }
  void set_bad_pages(const std::vector<std::uint32_t>& pages) {
    header().bad_pages = static_cast<std::uint32_t>(pages.size());
    for (std::size_t i = 0; i < pages.size(); ++i) {
      const BadPage<order::little> page(pages[i]);
      std::memcpy(&bytes_.at(kBadPagesOffset + i * sizeof(page)), &page, sizeof(page));
    }
  }
  void set_signature(std::string_view signature) {
    std::memset(&bytes_.at(signature_offset(4096)), 0, kSignatureBytes);
    std::memcpy(&bytes_.at(signature_offset(4096)), signature.data(), signature.size());
  }

  BlobPtr image() const { return make_memory_blob(bytes_); }
  /// Damage, then warnings behind "warning: ".
  std::vector<std::string> findings() const {
    HeardContext heard;
    SwapFilesystem({}).check(image(), heard.context());
    std::vector<std::string> all = heard.damage();
    for (const std::string& warning : heard.warnings()) all.push_back("warning: " + warning);
    return all;
  }
  VolumeFacts facts() const {
    HeardContext heard;
    return SwapFilesystem({}).inspect(image(), heard.context());
  }
  VolumeUsage usage() const {
    HeardContext heard;
    return SwapFilesystem({}).usage(image(), 10, heard.context()).value();
  }

  std::vector<std::byte> bytes_ = read_all(*make(options(), kMiB).image, kMiB);
};

TEST_F(DamagedSwap, WithAHibernationImageSaysSo) {
  for (const std::string_view signature : kHibernationSignatures) {
    set_signature(signature);
    ASSERT_TRUE(SwapFilesystem({}).probe(*image()));
    EXPECT_EQ(facts().state, "holds a hibernation image (" + std::string(signature) + ")");
    EXPECT_EQ(facts().uuid, kUuid);
    EXPECT_EQ(facts().free_blocks, 0U);
    EXPECT_THAT(findings(), ElementsAre(HasSubstr("warning: it holds the memory of a machine")));
    EXPECT_THAT(usage().ranges,
                ElementsAre(UsedRange{{0, 4096}, Use::Metadata}, UsedRange{{4096, kMiB - 4096}, Use::Unaccounted}));
  }
}

TEST_F(DamagedSwap, HasBadPagesThatAreNotUsed) {
  set_bad_pages({5, 3});
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_EQ(facts().free_blocks, 256U - 1 - 2);
  EXPECT_THAT(usage().ranges,
              ElementsAre(UsedRange{{0, 4096}, Use::Metadata}, UsedRange{{4096, 8192}, Use::Free},
                          UsedRange{{3 * 4096, 4096}, Use::Reserved}, UsedRange{{4 * 4096, 4096}, Use::Free},
                          UsedRange{{5 * 4096, 4096}, Use::Reserved}, UsedRange{{6 * 4096, 250 * 4096}, Use::Free}));
}

TEST_F(DamagedSwap, HasBadPagesThatAreNone) {
  set_bad_pages({0, 256, 7, 7, 7});
  EXPECT_THAT(findings(),
              ElementsAre(HasSubstr("page 0 is listed as bad, but pages are 1 to 255"),
                          HasSubstr("page 256 is listed as bad"), HasSubstr("page 7 is listed as bad more than once")));
  header().bad_pages = 0xffffffff;
  EXPECT_THAT(findings().front(), HasSubstr("4294967295 pages are bad, but its list has room for 637"));
}

TEST_F(DamagedSwap, EndsBeforeItsLastPage) {
  header().last_page = 256;
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("the end is missing")));
  EXPECT_EQ(usage().ranges.back(), (UsedRange{{kMiB, 4096}, Use::Unaccounted}));
  header().last_page = 0xffffffff;
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("the end is missing")));
  EXPECT_EQ(facts().size, std::uint64_t{1} << 44U);
}

TEST_F(DamagedSwap, IsSmallerThanItsPlace) {
  header().last_page = 254;
  EXPECT_THAT(findings(), ElementsAre("warning: 4 KiB behind the swap area are not used"));
}

TEST_F(DamagedSwap, HasNoPages) {
  header().last_page = 0;
  EXPECT_THAT(findings(), testing::Contains(HasSubstr("no page but that of its header")));
  EXPECT_EQ(facts().free_blocks, 0U);
}

TEST_F(DamagedSwap, OfAnotherVersionIsRefused) {
  header().version = 2;
  const auto [code, text] = thrown_by([&] { facts(); });
  EXPECT_EQ(code, ErrorCode::Unsupported);
  EXPECT_THAT(text, HasSubstr("version 2"));
}

TEST_F(DamagedSwap, WithoutItsSignatureIsNone) {
  set_signature("SWAP-SPACE");
  EXPECT_FALSE(SwapFilesystem({}).probe(*image()));
  EXPECT_EQ(thrown_by([&] { facts(); }).first, ErrorCode::Corrupt);
  for (const std::size_t size : {0, 1, 4095}) {
    EXPECT_FALSE(SwapFilesystem({}).probe(*make_memory_blob(std::vector<std::byte>(size))));
  }
}

TEST_F(DamagedSwap, InRandomWaysIsAnErrorAtMost) {
  std::mt19937 random(1);
  const std::vector<std::byte> good = bytes_;
  for (int i = 0; i < 300; ++i) {
    bytes_ = good;
    if (i % 3 == 0) bytes_.resize(4096 + random() % 4096);
    for (unsigned damage = 1 + random() % 8; damage > 0; --damage) {
      bytes_[kHeaderOffset + random() % 600] = static_cast<std::byte>(random());
    }
    thrown_by([&] { findings(); });
    thrown_by([&] { usage(); });
  }
}

}  // namespace
}  // namespace fstool::swap
