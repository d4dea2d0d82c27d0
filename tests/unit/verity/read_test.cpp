// Hash trees that are found: what is told of them, and each kind of damage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>

#include "fstool/usage.h"
#include "verity_filesystem.h"
#include "verity_fixture.h"

namespace fstool::verity {
namespace {

using test::HeardContext;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A tree over 20 blocks of 512 bytes, with 512 bytes and 16 hashes a block, to be damaged: after the superblock come
/// level 1 and the two blocks of level 0, the second of them with 4 hashes.
class FoundTree : public testing::Test {
 protected:
  static constexpr std::uint64_t kBlock = 512;
  static VerityOptions small_options() {
    VerityOptions with = options();
    with.data_block_size = with.hash_block_size = Bytes{kBlock};
    return with;
  }

  Superblock& superblock() { return *reinterpret_cast<Superblock*>(bytes_.data()); }
  BlobPtr image() const { return make_memory_blob(bytes_); }

  /// Damage, then warnings behind "warning: ".
  static std::vector<std::string> findings(const BlobPtr& image) {
    HeardContext heard;
    VerityFilesystem().check(image, heard.context());
    std::vector<std::string> all = heard.damage();
    for (const std::string& warning : heard.warnings()) all.push_back("warning: " + warning);
    return all;
  }
  std::vector<std::string> findings() const { return findings(image()); }
  VolumeFacts facts() const {
    HeardContext heard;
    return VerityFilesystem().inspect(image(), heard.context());
  }

  std::vector<std::byte> bytes_ = bytes_of(*derive(small_options(), pattern(20 * kBlock)).bytes);
};

TEST_F(FoundTree, IsToldOf) {
  HeardContext heard;
  ASSERT_TRUE(VerityFilesystem().probe(*image()));
  const Volume volume = VerityFilesystem().open(image(), {}, heard.context());
  EXPECT_EQ(volume.tree.node_count(), 1U);
  EXPECT_EQ(volume.facts.type, "verity");
  EXPECT_EQ(volume.facts.uuid, kUuid);
  EXPECT_EQ(volume.facts.block_size, kBlock);
  EXPECT_EQ(volume.facts.blocks, 4U);
  EXPECT_EQ(volume.facts.size, 4 * kBlock);
  EXPECT_THAT(volume.facts.features,
              ElementsAre("sha256", "salt=00112233", "data_blocks=20", "data_block_size=512", "hash_type=1"));
  const VolumeUsage usage = VerityFilesystem().usage(image(), 10, heard.context()).value();
  EXPECT_THAT(usage.ranges, ElementsAre(UsedRange{{0, 4 * kBlock}, Use::Metadata}));
  EXPECT_THAT(heard.damage(), IsEmpty());
}

TEST_F(FoundTree, IsClean) {
  EXPECT_THAT(findings(), IsEmpty());
  for (const std::string hash : {"sha1", "sha224", "sha384", "sha512"}) {
    for (const HashType type : {HashType::Normal, HashType::ChromeOs}) {
      VerityOptions with = small_options();
      with.hash = hash;
      with.hash_type = static_cast<std::uint32_t>(type);
      with.salt = "-";
      EXPECT_THAT(findings(derive(with, pattern(1'000 * kBlock)).bytes), IsEmpty()) << hash;
    }
  }
  EXPECT_THAT(findings(derive(options(), pattern(4096)).bytes), IsEmpty());
  EXPECT_THAT(findings(derive(options(), make_hole_blob(128 * 1024 * 4096)).bytes), IsEmpty());
}

TEST_F(FoundTree, IsNotMadeOfFiles) {
  HeardContext heard;
  const auto [code, text] = test::thrown_by([&] {
    VerityFilesystem().format(std::make_shared<const Tree>(), {.size = {}, .seed = Seed("test")}, heard.context());
  });
  EXPECT_EQ(code, ErrorCode::Unsupported);
  EXPECT_THAT(text, HasSubstr("[partitions.derive]"));
}

TEST_F(FoundTree, HasAHashThatIsWrong) {
  bytes_[3 * kBlock + 5] ^= std::byte{1};  // level 0, block 1
  EXPECT_THAT(findings(), ElementsAre("level 0, block 1: not the hash that the level above has"));
  bytes_[2 * kBlock + 5] ^= std::byte{1};
  EXPECT_THAT(findings(), ElementsAre("level 0, blocks 0 to 1: not the hash that the level above has"));
}

TEST_F(FoundTree, HasAnEntryAboveThatIsWrong) {
  bytes_[kBlock + 5] ^= std::byte{1};
  EXPECT_THAT(findings(), ElementsAre("level 0, block 0: not the hash that the level above has"));
}

TEST_F(FoundTree, HasSomethingBesideItsHashes) {
  bytes_[kBlock + 2 * 32] = std::byte{1};  // the top has two entries
  EXPECT_THAT(findings(), ElementsAre("level 1, block 0: something else than zeros beside the hashes"));
  VerityOptions with = small_options();
  with.hash = "sha1";
  bytes_ = bytes_of(*derive(with, pattern(10 * kBlock)).bytes);
  bytes_[kBlock + 20] = std::byte{1};  // behind a hash of 20 bytes
  EXPECT_THAT(findings(), ElementsAre("level 0, block 0: something else than zeros beside the hashes"));
}

TEST_F(FoundTree, HasZerosForHashes) {
  std::fill(bytes_.begin() + 2 * kBlock, bytes_.end(), std::byte{0});
  EXPECT_THAT(findings(), ElementsAre("level 0, blocks 0 to 1: nothing but zeros, which are no hashes"));
  std::fill(bytes_.begin() + kBlock, bytes_.end(), std::byte{0});
  EXPECT_THAT(findings(), ElementsAre("level 1, block 0: nothing but zeros, which are no hashes",
                                      "level 0, blocks 0 to 1: nothing but zeros, which are no hashes"));
}

TEST_F(FoundTree, IsCutOff) {
  bytes_.resize(bytes_.size() - 1);
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("the end is missing")));
  bytes_.resize(511);
  EXPECT_FALSE(VerityFilesystem().probe(*image()));
  EXPECT_EQ(test::thrown_by([&] { facts(); }).first, ErrorCode::Corrupt);
}

TEST_F(FoundTree, HasReservedBytesThatAreUsed) {
  superblock().reserved2[7] = std::byte{1};
  EXPECT_THAT(findings(), ElementsAre("warning: reserved bytes of the superblock are not zero"));
  superblock().reserved2[7] = std::byte{0};
  superblock().salt[4] = std::byte{1};
  EXPECT_THAT(findings(), ElementsAre("warning: reserved bytes of the superblock are not zero"));
}

TEST_F(FoundTree, HasBytesBeforeTheTree) {
  bytes_ = bytes_of(*derive(options(), pattern(20 * 4096)).bytes);
  bytes_[4095] = std::byte{1};
  EXPECT_THAT(findings(), ElementsAre("warning: the bytes between the superblock and the hash tree are not zero"));
}

TEST_F(FoundTree, WithAnUnknownHashIsToldOfButNotChecked) {
  std::strcpy(superblock().algorithm.data(), "sm3");
  EXPECT_EQ(facts().features.front(), "sm3");
  EXPECT_EQ(facts().size, bytes_.size());
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("the hash sm3 is unknown here")));
}

struct Damage {
  const char* name;
  std::function<void(Superblock&)> make;
  ErrorCode code;
  std::string words;
};

class HostileSuperblock : public testing::TestWithParam<Damage> {};

TEST_P(HostileSuperblock, IsRefused) {
  std::vector<std::byte> bytes = bytes_of(*derive(options(), pattern(20 * 4096)).bytes);
  GetParam().make(*reinterpret_cast<Superblock*>(bytes.data()));
  const BlobPtr image = make_memory_blob(bytes);
  EXPECT_TRUE(VerityFilesystem().probe(*image));
  HeardContext heard;
  for (const std::function<void()>& work :
       std::vector<std::function<void()>>{[&] { VerityFilesystem().open(image, {}, heard.context()); },
                                          [&] { VerityFilesystem().check(image, heard.context()); },
                                          [&] { VerityFilesystem().usage(image, 1, heard.context()); }}) {
    const auto [code, text] = test::thrown_by(work);
    EXPECT_EQ(code, GetParam().code) << text;
    EXPECT_THAT(text, HasSubstr(GetParam().words));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileSuperblock,
    testing::Values(
        Damage{"Version", [](Superblock& s) { s.version = 2; }, ErrorCode::Unsupported, "version 2"},
        Damage{"HashType", [](Superblock& s) { s.hash_type = 2; }, ErrorCode::Unsupported, "type 2"},
        Damage{"NoDataBlockSize", [](Superblock& s) { s.data_block_size = 0; }, ErrorCode::Corrupt, "0 bytes"},
        Damage{"OddDataBlockSize", [](Superblock& s) { s.data_block_size = 4097; }, ErrorCode::Corrupt, "4097"},
        Damage{"HugeHashBlockSize", [](Superblock& s) { s.hash_block_size = 1U << 31U; }, ErrorCode::Corrupt,
               "2147483648"},
        Damage{"TinyHashBlockSize", [](Superblock& s) { s.hash_block_size = 16; }, ErrorCode::Corrupt, "16 bytes"},
        Damage{"NoData", [](Superblock& s) { s.data_blocks = 0; }, ErrorCode::Corrupt, "0 data blocks"},
        Damage{"TooMuchData", [](Superblock& s) { s.data_blocks = UINT64_MAX; }, ErrorCode::Corrupt,
               "18446744073709551615"},
        Damage{"LongSalt", [](Superblock& s) { s.salt_size = 257; }, ErrorCode::Corrupt, "257"},
        Damage{"NoName", [](Superblock& s) { s.algorithm.fill('\0'); }, ErrorCode::Corrupt, "name of the hash"},
        Damage{"EndlessName", [](Superblock& s) { s.algorithm.fill('a'); }, ErrorCode::Corrupt, "name of the hash"},
        Damage{"UnprintableName", [](Superblock& s) { s.algorithm[0] = '\x1b'; }, ErrorCode::Corrupt,
               "name of the hash"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(FoundTree, OfMoreThanThereCouldBeIsReadOnlyWhereItIsStored) {
  superblock().data_blocks = std::uint64_t{1} << 53U;
  BlobBuilder builder;
  builder.add(0, image());
  const BlobPtr huge = builder.finish(std::uint64_t{1} << 62U);
  EXPECT_THAT(findings(huge), testing::Contains(HasSubstr("nothing but zeros")));
}

TEST_F(FoundTree, DamagedInRandomWaysIsAnErrorAtMost) {
  std::mt19937 random(1);
  const std::vector<std::byte> good = bytes_;
  for (int i = 0; i < 300; ++i) {
    bytes_ = good;
    for (unsigned damage = 1 + random() % 4; damage > 0; --damage) {
      bytes_[8 + random() % (i % 2 == 0 ? 90 : bytes_.size() - 8)] = static_cast<std::byte>(random());
    }
    if (i % 5 == 0) bytes_.resize(random() % bytes_.size());
    test::thrown_by([&] { findings(); });
    HeardContext heard;
    test::thrown_by([&] { VerityFilesystem().usage(image(), 1, heard.context()); });
  }
}

}  // namespace
}  // namespace fstool::verity
