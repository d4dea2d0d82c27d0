// Images that are damaged, by chance or by intent: the reader refuses them or reads around the damage.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "damaged.h"
#include "fstool/error.h"
#include "fstool/usage.h"

namespace fstool::fat {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kA = "A          ";
constexpr std::string_view kB = "B          ";
constexpr std::string_view kC = "C          ";
constexpr std::string_view kDir = "DIR        ";

std::string name_of(const testing::TestParamInfo<Variant>& info) { return variant_name(info.param); }

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

void read_content(const Blob& content) {
  std::vector<std::byte> buffer;
  std::uint64_t offset = 0;
  for (int runs = 0; runs < 64 && offset < content.size(); ++runs) {
    const Run run = content.run_at(offset);
    require(run.length > 0 && run.length <= content.size() - offset, "a run has an impossible length");
    content.host_range(offset, run.length);
    buffer.resize(std::min<std::uint64_t>(run.length, 16 * 1024));
    content.read(offset, buffer);
    offset += run.length;
  }
}

bool is_refusal(const Error& error) {
  return error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported;
}

/// Does with an image what a user may do. Everything but errors of fstool, and a tree that contradicts itself, ends the
/// test.
void walk(const std::vector<std::byte>& bytes) {
  const BlobPtr image = view_of(bytes);
  FatFilesystem({}).probe(*image);
  try {
    const Opened opened = open_image(image);
    const VolumeFacts& facts = opened.volume.facts;
    require(facts.free_blocks <= facts.blocks, "more is free than there is");
    for (NodeId id = 0; id < opened.tree().node_count(); ++id) {
      const Node& node = opened.tree().node(id);
      require(node.recorded && node.recorded->size && node.recorded->links, "an inode is incomplete");
      require(node.mtime.nanoseconds < 1'000'000'000, "a time has too many nanoseconds");
      if (!node.content) continue;
      try {
        read_content(*node.content);
      } catch (const Error& error) {
        require(is_refusal(error), error.what());
      }
    }
    Heard heard;
    FatFilesystem({}).inspect(image, heard.context());
    const VolumeUsage usage = FatFilesystem({}).usage(image, 5, heard.context()).value();
    std::uint64_t end = 0;
    for (const UsedRange& used : usage.ranges) {
      require(used.range.offset == end && used.range.length > 0, "the uses have a gap or overlap");
      end = used.range.end();
    }
    require(end == facts.size, "the uses don't end with the file system");
    check_image(image);
  } catch (const Error& error) {
    require(is_refusal(error), error.what());
  }
}

class FatReaderDamage : public testing::TestWithParam<Variant> {};

TEST_P(FatReaderDamage, NoDamageIsMoreThanAnError) {
  const std::vector<std::byte> image = Damaged(GetParam()).bytes;
  // Damage of what is zero is mostly of no interest.
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (image[i] != std::byte{0}) used.push_back(i);
  }
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  constexpr std::uint32_t kInteresting[] = {0, 1, 2, 3, 0x0F, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF};
  const int rounds = GetParam() == Variant::Fat12 ? 6000 : GetParam() == Variant::Fat16 ? 1500 : 40;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::byte> damaged = image;
    for (std::uint32_t change = 0, changes = 1 + random() % 6; change < changes; ++change) {
      // Half of it in the boot sector, which is small beside the contents.
      const std::size_t at = random() % 2 == 0 ? random() % 90 : used[random() % used.size()];
      if (random() % 2 == 0) {
        damaged[at] = static_cast<std::byte>(random());
      } else {
        const little_uint32_t word(kInteresting[random() % std::size(kInteresting)]);
        std::copy_n(reinterpret_cast<const std::byte*>(&word), sizeof(word),
                    damaged.begin() + static_cast<std::ptrdiff_t>(std::min(at, damaged.size() - sizeof(word))));
      }
    }
    if (random() % 10 == 0) damaged.resize(random() % damaged.size());
    walk(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FatReaderDamage, testing::Values(Variant::Fat12, Variant::Fat16, Variant::Fat32),
                         name_of);

class FatReaderHostile : public testing::TestWithParam<Variant> {
 protected:
  Damaged image_{GetParam()};
};

TEST_P(FatReaderHostile, ALoopOfClustersIsAnErrorOfItsFile) {
  image_.set_entry(image_.first_cluster(kA) + 2, image_.first_cluster(kA));
  image_.slot(kA).size = 0xFFFFFFFF;
  const Opened opened = open_image(image_.blob());
  EXPECT_THAT(opened.heard->damage(), IsEmpty());
  EXPECT_EQ(opened.at("a").content->size(), 0xFFFFFFFFU);
  std::byte last{};
  EXPECT_THROW(opened.at("a").content->read(0xFFFFFFF0, std::span(&last, 1)), Error);
  EXPECT_EQ(text_of(opened.at("b").content).size(), 1536U);
}

TEST_P(FatReaderHostile, ASizeThatLiesIsAnErrorWhereItIsRead) {
  const std::string before = text_of(open_image(image_.blob()).at("a").content);
  image_.slot(kA).size = 4'000'000'000;
  const Opened opened = open_image(image_.blob());
  std::string text(1536, '\0');
  opened.at("a").content->read(0, std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(text, before);
  try {
    opened.at("a").content->read(1536, std::as_writable_bytes(std::span(text)));
    ADD_FAILURE() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Corrupt);
    EXPECT_THAT(error.what(), HasSubstr("its clusters hold only 1536 of its 4000000000 bytes"));
  }
}

TEST_P(FatReaderHostile, CrossLinkedFilesAreBothRead) {
  image_.slot(kB).first_cluster_low = static_cast<std::uint16_t>(image_.first_cluster(kA));
  const Opened opened = open_image(image_.blob());
  EXPECT_EQ(text_of(opened.at("a").content), text_of(opened.at("b").content));
}

TEST_P(FatReaderHostile, ADirectoryInItselfIsLeftOut) {
  image_.slot(kC).attributes = kAttributeDirectory;
  image_.slot(kC).first_cluster_low = static_cast<std::uint16_t>(image_.first_cluster(kDir));
  const Opened opened = open_image(image_.blob());
  EXPECT_THAT(opened.heard->damage(), ElementsAre(HasSubstr("/dir/c: cluster ")));
  EXPECT_TRUE(opened.tree().entries(*opened.tree().find_path("dir")).empty());
}

TEST_P(FatReaderHostile, ADirectoryThatLoopsIsReadOnce) {
  image_.set_entry(image_.first_cluster(kDir), image_.first_cluster(kDir));
  const Opened opened = open_image(image_.blob());
  EXPECT_THAT(opened.heard->damage(), ElementsAre(HasSubstr("belongs to it and to a directory that was read before")));
  EXPECT_EQ(text_of(opened.at("dir/c").content).size(), 10U);
}

TEST_P(FatReaderHostile, ADirectoryWithoutClustersIsEmpty) {
  for (const std::uint32_t first : {0U, 1U}) {
    image_.slot(kDir).first_cluster_low = static_cast<std::uint16_t>(first);
    const Opened opened = open_image(image_.blob());
    EXPECT_THAT(opened.heard->damage(), Contains(HasSubstr("/dir: ")));
    EXPECT_EQ(opened.at("dir").recorded->size, 0U);
  }
}

TEST_P(FatReaderHostile, NamesThatNoFileCanHaveAreLeftOut) {
  image_.slot(kA).name[0] = '/';
  image_.slot(kB).name.fill(' ');
  const Opened opened = open_image(image_.blob());
  EXPECT_THAT(opened.heard->damage(), ElementsAre("/: an entry has a name that can't be a file's name",
                                                  "/: an entry has a short name of blanks"));
  EXPECT_EQ(opened.tree().entries(Tree::kRoot).size(), 3U);
}

TEST_P(FatReaderHostile, ANameTwiceIsThereOnce) {
  image_.slot(kB).name = image_.slot(kA).name;
  const Opened opened = open_image(image_.blob());
  EXPECT_THAT(opened.heard->damage(), ElementsAre("/a: the directory has this name twice"));
}

TEST_P(FatReaderHostile, ACutOffImageIsReadAsFarAsItGoes) {
  image_.bytes.resize(image_.geometry().cluster_offset(image_.first_cluster(kB)) + 100);
  const Opened opened = open_image(image_.blob());
  EXPECT_THAT(opened.heard->damage(), ElementsAre(HasSubstr("the end is missing")));
  EXPECT_EQ(text_of(opened.at("a").content).size(), 1536U);
  EXPECT_THROW(text_of(opened.at("b").content), Error);
}

INSTANTIATE_TEST_SUITE_P(All, FatReaderHostile, testing::Values(Variant::Fat12, Variant::Fat16, Variant::Fat32),
                         name_of);

TEST(FatReaderHostileSizes, HugeClaimsCostNothing) {
  Damaged image(Variant::Fat32);
  auto& sector = image.at<Fat32BootSector>(0);
  sector.head.total_sectors_32 = 0xFFFFFFFF;
  sector.head.sectors_per_cluster = 64;
  sector.fat32.fat_sectors = 0x00200000;
  EXPECT_NO_THROW(walk(image.bytes));
  sector.fat32.fat_sectors = 0xFFFFFFFF;
  EXPECT_NO_THROW(walk(image.bytes));
}

TEST(FatReaderHostileSizes, ManyFilesOnOneTangledChainTakeNoMemory) {
  // A chain that goes through all clusters in both directions in turn, and a directory full of files that share it.
  Damaged image(Variant::Fat16, std::uint64_t{20} << 20U);
  const std::uint32_t begin = image.first_cluster(kA);
  const std::uint32_t end = std::min(image.geometry().end_cluster(), 40'000U);
  for (std::uint32_t i = 0; begin + i + 1 < end - i; ++i) {
    image.set_entry(begin + i, end - 1 - i);
    if (begin + i + 1 < end - 1 - i) image.set_entry(end - 1 - i, begin + i + 1);
  }
  image.slot(kA).size = 15'000'000;
  const DirectoryEntry entry = image.slot(kA);
  for (std::uint32_t i = 0; i < 400; ++i) {
    auto& slot = image.at<DirectoryEntry>(image.geometry().root_offset() + (20 + std::uint64_t{i}) * kSlotSize);
    slot = entry;
    slot.name_case = 0;
    std::ranges::copy(fmt::format("F{:07}", i), slot.name.begin());
    slot.size = 15'000'000 - 512 * i;
  }
  const Opened opened = open_image(image.blob());
  EXPECT_GE(opened.tree().entries(Tree::kRoot).size(), 400U);
  for (std::uint32_t i = 0; i < 400; i += 20) {
    std::byte byte{};
    opened.at(fmt::format("F{:07}", i)).content->read(10'000'000, std::span(&byte, 1));
  }
}

}  // namespace
}  // namespace fstool::fat
