// check() names each kind of damage, and fsck.vfat finds it too.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "damaged.h"
#include "fstool/error.h"

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
constexpr std::string_view kEmpty = "EMPTY      ";
constexpr std::string_view kLong = "LONGNA~1TEX";

struct Damage {
  const char* name;
  std::function<void(Damaged&)> make;
  std::string finding;          ///< a part of it
  bool is_seen_by_fsck = true;  ///< false: fsck.vfat doesn't look for it
};

std::uint64_t cluster_offset_of(Damaged& image, std::string_view name) {
  return image.geometry().cluster_offset(image.first_cluster(name));
}

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all = {
      {"FreeClusterInAChain", [](Damaged& d) { d.set_entry(d.first_cluster(kA) + 1, 0); },
       "/a: cluster {a+1} belongs to it, but is marked free"},
      {"BadClusterInAChain", [](Damaged& d) { d.set_entry(d.first_cluster(kA) + 1, d.geometry().bad_mark()); },
       "/a: cluster {a+1} belongs to it, but is marked bad"},
      {"AChainOutOfRange", [](Damaged& d) { d.set_entry(d.first_cluster(kA), d.geometry().end_cluster()); },
       "/a: cluster {a} is followed by {end}, which is no cluster"},
      {"AShortChain", [](Damaged& d) { d.set_entry(d.first_cluster(kA), d.geometry().max_entry()); },
       "/a: it has 1536 bytes, but its 1 clusters hold only 512"},
      {"ALongChain", [](Damaged& d) { d.slot(kA).size = 512; },
       "/a: it has 512 bytes, which take 1 clusters, but it has 3"},
      {"ALoop", [](Damaged& d) { d.set_entry(d.first_cluster(kA) + 1, d.first_cluster(kA)); },
       "/a: its chain of clusters comes back to cluster {a}"},
      {"ACrossLink", [](Damaged& d) { d.set_entry(d.first_cluster(kB), d.first_cluster(kA) + 1); },
       "cluster {a+1} belongs to it and to a file that was checked before"},
      {"LostClusters", [](Damaged& d) { d.set_entry(d.geometry().end_cluster() - 1, d.geometry().max_entry()); },
       "1 clusters are marked as used but belong to nothing, the first of them is {end-1}"},
      {"ASizeWithoutClusters", [](Damaged& d) { d.slot(kEmpty).size = 5; }, "/empty: it has no clusters"},
      {"ClustersWithoutASize", [](Damaged& d) { d.slot(kC).size = 0; },
       "/dir/c: it has 0 bytes, which take 0 clusters, but it has 1"},
      {"AFirstClusterOutOfRange", [](Damaged& d) { d.slot(kC).first_cluster_low = 1; },
       "/dir/c: it begins at 1, which is no cluster"},
      {"ADirectoryWithASize", [](Damaged& d) { d.slot(kDir).size = 7; },
       "/dir: it is a directory, and its size is 7 and not 0"},
      {"AWrongDot", [](Damaged& d) { d.at<DirectoryEntry>(cluster_offset_of(d, kDir)).first_cluster_low = 5; },
       "/dir/.: it refers to cluster 5 in place of"},
      {"AWrongDotDot",
       [](Damaged& d) { d.at<DirectoryEntry>(cluster_offset_of(d, kDir) + kSlotSize).first_cluster_low = 3; },
       "/dir/..: it refers to cluster 3 in place of 0"},
      {"ANameTwice", [](Damaged& d) { d.slot(kB).name = d.slot(kA).name; },
       "/a: the directory has its short name twice"},
      {"ABadName", [](Damaged& d) { d.slot(kA).name[0] = '*'; },
       "its short name has characters that short names can't have"},
      {"AnOrphanedLongName", [](Damaged& d) { d.slot(kLong).name[0] = 'X'; },
       "/: it has 1 long names that belong to no file"},
      {"DifferentFats",
       [](Damaged& d) {
         d.at<std::byte>(d.geometry().fat_offset(1) + std::uint64_t{d.first_cluster(kA)} * d.geometry().bits() / 8) ^=
             std::byte{0x10};
       },
       "FAT 1 differs from FAT 0 at the entry of cluster"},
      {"AnotherMediaDescriptor", [](Damaged& d) { d.set_entry(0, (d.geometry().max_entry() & ~0xFFU) | 0xF0); },
       "the FAT begins with the media descriptor 0xf0, the boot sector has 0xf8", false},
      {"NoBootSignature", [](Damaged& d) { d.at<std::byte>(510) = std::byte{0}; },
       "the boot sector doesn't end in 0x55 0xaa", false},
      {"ACutOffEnd", [](Damaged& d) { d.bytes.resize(d.bytes.size() - 512); }, "the end is missing", false},
      {"ASecondLabel", [](Damaged& d) { d.slot(kEmpty).attributes = kAttributeVolumeLabel; },
       "it is a second label beside \"LABEL\"", false},
  };
  return all;
}

std::string filled_in(std::string text, Damaged& image) {
  const std::uint32_t a = image.first_cluster(kA);
  const std::uint32_t end = image.geometry().end_cluster();
  for (const auto& [word, value] :
       {std::pair("{a}", a), std::pair("{a+1}", a + 1), std::pair("{end}", end), std::pair("{end-1}", end - 1)}) {
    if (const std::size_t at = text.find(word); at != std::string::npos) {
      text.replace(at, std::string_view(word).size(), std::to_string(value));
    }
  }
  return text;
}

class FatCheck : public testing::TestWithParam<std::tuple<Variant, Damage>> {};

TEST_P(FatCheck, FindsIt) {
  const auto& [variant, damage] = GetParam();
  Damaged image(variant);
  const std::string expected = filled_in(damage.finding, image);
  ASSERT_THAT(check_image(image.blob()), IsEmpty());
  damage.make(image);
  EXPECT_THAT(check_image(image.blob()), Contains(HasSubstr(expected)));
  if (!damage.is_seen_by_fsck) return;
  const ImageFile file(image.blob().get());
  EXPECT_NE(file.fsck_complaints(), "");
}

std::string name_of(const testing::TestParamInfo<FatCheck::ParamType>& info) {
  const auto& [variant, damage] = info.param;
  return std::string(variant_name(variant)) + damage.name;
}

INSTANTIATE_TEST_SUITE_P(All, FatCheck,
                         testing::Combine(testing::Values(Variant::Fat12, Variant::Fat16, Variant::Fat32),
                                          testing::ValuesIn(damages())),
                         name_of);

TEST(FatCheckOfFat32, FindsADamagedBackup) {
  Damaged image(Variant::Fat32);
  image.at<std::byte>(6 * 512 + 3) = std::byte{'x'};
  EXPECT_THAT(check_image(image.blob()),
              ElementsAre("the boot sector and its backup in sector 6 differ from byte 3 on"));
}

TEST(FatCheckOfFat32, FindsAWrongFsInfo) {
  Damaged image(Variant::Fat32);
  image.at<FsInfo>(512).free_clusters = 77;
  EXPECT_THAT(check_image(image.blob()), ElementsAre(HasSubstr("FSInfo says that 77 clusters are free, but ")));
  const Opened opened = open_image(image.blob());
  EXPECT_THAT(opened.heard->damage(), ElementsAre(HasSubstr("FSInfo says that 77 clusters are free, but ")));
  image.at<FsInfo>(512).free_clusters = FsInfo::kUnknown;
  EXPECT_THAT(check_image(image.blob()), ElementsAre(HasSubstr("warning: FSInfo doesn't say")));
  image.at<FsInfo>(512).lead_signature = 0;
  EXPECT_THAT(check_image(image.blob()), ElementsAre("sector 1 is no FSInfo sector"));
}

TEST(FatCheckFlags, DirtyIsAWarning) {
  Damaged fat12(Variant::Fat12);
  fat12.at<Fat16BootSector>(0).extended.state = kStateMounted;
  EXPECT_THAT(check_image(fat12.blob()), ElementsAre(HasSubstr("warning: it was not unmounted cleanly")));
  Damaged fat16(Variant::Fat16);
  fat16.set_entry(1, 0x3FFF);
  EXPECT_THAT(check_image(fat16.blob()), ElementsAre(HasSubstr("warning: it was not unmounted cleanly"),
                                                     HasSubstr("warning: it is marked as having had errors")));
  EXPECT_EQ(open_image(fat16.blob()).volume.facts.state, "not clean with errors");
  Damaged fat32(Variant::Fat32);
  fat32.at<Fat32BootSector>(0).extended.state = kStateMounted;
  EXPECT_THAT(check_image(fat32.blob()), ElementsAre(HasSubstr("warning: it was not unmounted cleanly")));
}

TEST(FatCheckNames, OfAnotherCodePageAreOnesOfTheirOwn) {
  Damaged image(Variant::Fat16);
  // С and Т in code page 866; in 437, upper and lower case of one letter.
  DirectoryEntry& a = image.slot(kA);
  DirectoryEntry& b = image.slot(kB);
  a.name[0] = 0x91;
  b.name[0] = 0x92;
  EXPECT_THAT(check_image(image.blob()), IsEmpty());
}

TEST(FatCheckLabel, ThatSaysThereIsNoneIsNoOther) {
  Damaged image(Variant::Fat16);
  constexpr std::string_view kNoName = "NO NAME    ";
  std::ranges::copy(kNoName, image.slot("LABEL      ").name.begin());
  std::ranges::copy(kNoName, image.at<Fat16BootSector>(0).extended.label.begin());
  EXPECT_THAT(check_image(image.blob()), IsEmpty());
}

TEST(FatCheckLabel, DifferentOnesAreAWarning) {
  Damaged image(Variant::Fat16);
  image.at<Fat16BootSector>(0).extended.label[0] = 'X';
  EXPECT_THAT(check_image(image.blob()),
              ElementsAre("warning: the label is \"LABEL\" in the root directory, but \"XABEL\" in the boot sector"));
  EXPECT_EQ(open_image(image.blob()).volume.facts.label, "LABEL");
}

}  // namespace
}  // namespace fstool::fat
