// Archives that want to do harm, or were damaged: each has a stated outcome, and none reaches outside of its tree.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "fstool/error.h"
#include "heard_context.h"
#include "raw_archives.h"

namespace fstool::tar {
namespace {

class HostileArchive : public testing::Test {
 protected:
  Layer load(const std::string& bytes, const ArchiveLimits& limits = {}) {
    return load_bytes(bytes, heard_.context(), limits);
  }

  void expect_error(const std::string& bytes, ErrorCode code, const std::string& text,
                    const ArchiveLimits& limits = {}) {
    const auto [thrown, message] = test::thrown_by([&] { load(bytes, limits); });
    EXPECT_EQ(thrown, code) << message;
    EXPECT_NE(message.find(text), std::string::npos) << "\"" << message << "\" says nothing of \"" << text << "\"";
  }
  void expect_corrupt(const std::string& bytes, const std::string& text) {
    expect_error(bytes, ErrorCode::Corrupt, text);
  }
  void expect_unsupported(const std::string& bytes, const std::string& text, const ArchiveLimits& limits = {}) {
    expect_error(bytes, ErrorCode::Unsupported, text, limits);
  }

  test::HeardContext heard_;
};

const std::string kEnd(1024, '\0');

// --- tar: headers and sizes

TEST_F(HostileArchive, TarWithATruncatedHeader) {
  expect_corrupt(tar_member({.name = "a"}) + tar_member({.name = "b"}).substr(0, 300), "runcated");
}

TEST_F(HostileArchive, TarWithATruncatedContent) {
  const std::string whole = tar_member({.name = "a", .content = std::string(2000, 'a')});
  expect_corrupt(whole.substr(0, 1700), "a: the archive ends before its content does");
}

TEST_F(HostileArchive, TarWithAWrongChecksum) {
  std::string bytes = tar_member({.name = "a"}) + tar_member({.name = "b"}) + kEnd;
  bytes[512 + 20] = 'x';
  expect_corrupt(bytes, "amaged tar archive");
}

TEST_F(HostileArchive, TarWithGarbageBetweenMembers) {
  expect_corrupt(tar_member({.name = "a"}) + std::string(512, 'g') + tar_member({.name = "b"}) + kEnd,
                 "amaged tar archive");
}

TEST_F(HostileArchive, TarWithAHugeSize) {
  for (const std::string& size : {base256(std::int64_t{1} << 62U, 12), octal((1ULL << 33U) - 1)}) {
    expect_corrupt(tar_member({.name = "a", .content = "a", .size = size}) + kEnd, "a: the archive ends before");
  }
}

TEST_F(HostileArchive, TarWithASizeBeyondAnyFile) {
  expect_corrupt(
      tar_member({.name = "a", .content = "a", .size = std::string("\xbf") + std::string(11, '\xff')}) + kEnd, "");
}

TEST_F(HostileArchive, TarWithANegativeSize) {
  expect_corrupt(tar_member({.name = "a", .content = "a", .size = base256(-512, 12)}) + kEnd, "negative size");
}

TEST_F(HostileArchive, TarWithASizeThatIsNoNumber) {
  expect_corrupt(tar_member({.name = "a", .content = "content", .size = "zzzzzzzzzzz"}) + kEnd, "");
}

TEST_F(HostileArchive, TarWithASizeThatSwallowsTheNextMember) {
  const Layer layer = load(tar_member({.name = "a", .size = octal(512)}) + tar_member({.name = "b"}) + kEnd);
  EXPECT_FALSE(layer.tree.find_path("b"));
  EXPECT_EQ(node_at(layer.tree, "a").content->size(), 512U);
}

TEST_F(HostileArchive, TarWithAPaxSizeOfAnotherMind) {
  // The record counts, as POSIX says: what follows is content.
  const Layer layer =
      load(pax_member({{"size", "512"}}) + tar_member({.name = "a"}) + tar_member({.name = "b"}) + kEnd);
  EXPECT_FALSE(layer.tree.find_path("b"));
}

// --- tar: what stands in front of a member

TEST_F(HostileArchive, TarWithPaxRecordsOfAGigabyte) {
  expect_corrupt(tar_member({.name = "x", .type = 'x', .content = "9 a=b\n", .size = octal(1ULL << 30U)}) +
                     tar_member({.name = "a"}) + kEnd,
                 "");
}

TEST_F(HostileArchive, TarWithAnAttributeOfAGigabyte) {
  const std::string records = "1073741824 SCHILY.xattr.user.a=" + std::string(100, 'a') + "\n";
  expect_unsupported(tar_member({.name = "x", .type = 'x', .content = records}) + tar_member({.name = "a"}) + kEnd,
                     "a: Rejecting pax extended attribute");
}

TEST_F(HostileArchive, TarWithARecordThatIsNone) {
  // It is damage, and the file is there without it.
  const Layer layer =
      load(tar_member({.name = "x", .type = 'x', .content = "nonsense\n"}) + tar_member({.name = "a"}) + kEnd);
  EXPECT_TRUE(layer.tree.find_path("a"));
  EXPECT_EQ(heard_.damage().size(), 1U);
}

TEST_F(HostileArchive, TarWithAnEndlessChainOfLongNames) {
  std::string bytes;
  for (int i = 0; i < 100; ++i)
    bytes += tar_member({.name = "././@LongLink", .type = 'L', .content = std::string(200, 'n')});
  expect_corrupt(bytes + tar_member({.name = "a"}) + kEnd, "oo many special headers");
}

TEST_F(HostileArchive, TarWithAnEndlessChainOfPaxRecords) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += pax_member({{"comment", "again"}});
  expect_corrupt(bytes + tar_member({.name = "a"}) + kEnd, "");
}

TEST_F(HostileArchive, TarThatEndsBehindPaxRecords) { expect_corrupt(pax_member({{"path", "a"}}), ""); }

// --- tar: maps of holes

TEST_F(HostileArchive, TarWithAMapThatOverlapsItself) {
  const std::string content(1024, 'c');
  expect_corrupt(old_sparse_member("a", {{octal(0), octal(512)}, {octal(256), octal(512)}}, octal(4096), content) +
                     tar_member({.name = "b"}) + kEnd,
                 "contradict each other");
}

TEST_F(HostileArchive, TarWithAMapOutOfOrder) {
  const std::string content(1024, 'c');
  expect_corrupt(old_sparse_member("a", {{octal(2048), octal(512)}, {octal(0), octal(512)}}, octal(4096), content) +
                     tar_member({.name = "b"}) + kEnd,
                 "contradict each other");
}

TEST_F(HostileArchive, TarWithAMapBeyondTheEndOfItsFile) {
  expect_corrupt(old_sparse_member("a", {{octal(8192), octal(512)}}, octal(4096), std::string(512, 'c')) +
                     tar_member({.name = "b"}) + kEnd,
                 "");
}

TEST_F(HostileArchive, TarWithAMapOfMoreThanItsContent) {
  expect_corrupt(old_sparse_member("a", {{octal(0), octal(4096)}}, octal(8192), std::string(512, 'c')) +
                     tar_member({.name = "b"}) + kEnd,
                 "");
}

TEST_F(HostileArchive, TarWithAMapThatSaysItHasABillionPieces) {
  const std::string map = padded("1000000000\n0\n1\n");
  expect_corrupt(pax_member({{"GNU.sparse.major", "1"},
                             {"GNU.sparse.minor", "0"},
                             {"GNU.sparse.name", "a"},
                             {"GNU.sparse.realsize", "1000000"}}) +
                     tar_member({.name = "a", .content = map}) + kEnd,
                 "");
}

TEST_F(HostileArchive, TarWithAMapThatNeedsTooMuchMemory) {
  std::string map = "100000\n";
  for (int i = 0; i < 100'000; ++i) map += fmt::format("{}\n1\n", 1024 * i);
  const std::string bytes = pax_member({{"GNU.sparse.major", "1"},
                                        {"GNU.sparse.minor", "0"},
                                        {"GNU.sparse.name", "a"},
                                        {"GNU.sparse.realsize", "1000000000"}}) +
                            tar_member({.name = "a", .content = padded(map) + std::string(100'000, 'c')}) + kEnd;
  EXPECT_EQ(node_at(load(bytes).tree, "a").content->size(), 1'000'000'000U);
  expect_unsupported(bytes, "max_metadata", {.max_metadata = 1 << 20U});
}

TEST_F(HostileArchive, HolesOfAnyNumberCostNothing) {
  const std::string exabyte = base256(std::int64_t{1} << 60U, 12);
  const Layer layer = load(old_sparse_member("a", {{octal(0), octal(1)}}, exabyte, "c") + kEnd, {.max_size = 4096});
  EXPECT_EQ(node_at(layer.tree, "a").content->size(), std::uint64_t{1} << 60U);
}

// --- tar: names

TEST_F(HostileArchive, TarWithFilesWithoutNames) {
  for (const std::string name : {"", "."}) {
    expect_corrupt(tar_member({.name = name}) + tar_member({.name = "b"}) + kEnd, "");
  }
}

TEST_F(HostileArchive, TarWithNulInAName) {
  // A name ends with NUL, wherever it is written.
  const Layer layer = load(pax_member({{"path", std::string("a\0../../b", 9)}}) + tar_member({.name = "c"}) + kEnd);
  EXPECT_EQ(layer.tree.node_count(), 2U);
  EXPECT_TRUE(layer.tree.find_path("a"));
}

TEST_F(HostileArchive, TarWithNamesThatLeadOut) {
  for (const std::string name : {"..", "../a", "a/..", "a/../../b", "/../a"}) {
    expect_corrupt(tar_member({.name = name}) + kEnd, "leads out of the archive");
    expect_corrupt(pax_member({{"path", name}}) + tar_member({.name = "x"}) + kEnd, "leads out of the archive");
    expect_corrupt(tar_member({.name = "a", .type = '1', .link = name}) + kEnd, "leads out of the archive");
  }
}

TEST_F(HostileArchive, TarWithPathsOfTenThousandNames) {
  std::string path;
  for (int i = 0; i < 10'000; ++i) path += "d/";
  const std::string bytes = pax_member({{"path", path + "file"}}) + tar_member({.name = "x"}) + kEnd;
  const Layer layer = load(bytes);
  EXPECT_EQ(layer.tree.node_count(), 10'002U);
  EXPECT_EQ(layer.implied.size(), 10'001U);
  expect_unsupported(bytes, "max_metadata", {.max_metadata = 1 << 20U});
}

TEST_F(HostileArchive, TarWithANameOfAMegabyte) {
  const std::string name(900'000, 'n');
  const std::string bytes = pax_member({{"path", name}}) + tar_member({.name = "x"}) + kEnd;
  EXPECT_TRUE(load(bytes).tree.find(Tree::kRoot, name));
  expect_unsupported(bytes, "max_metadata", {.max_metadata = 500'000});
}

TEST_F(HostileArchive, TarWithSeveralRoots) {
  // The last wins, as for every directory.
  const Layer layer = load(tar_member({.name = "./", .type = '5', .mode = "0000700"}) + tar_member({.name = "a"}) +
                           tar_member({.name = "/", .type = '5', .mode = "0000711"}) + kEnd);
  EXPECT_EQ(layer.tree.node(Tree::kRoot).permissions, 0711);
  EXPECT_TRUE(layer.tree.find_path("a"));
}

// --- tar: links

TEST_F(HostileArchive, TarWithHardLinksInACircle) {
  const std::string bytes = tar_member({.name = "a", .type = '1', .link = "b"}) +
                            tar_member({.name = "b", .type = '1', .link = "c"}) +
                            tar_member({.name = "c", .type = '1', .link = "a"}) + kEnd;
  const auto [code, message] = test::thrown_by([&] { tree_of(load(bytes)); });
  EXPECT_EQ(code, ErrorCode::Corrupt);
  EXPECT_NE(message.find("which does not exist"), std::string::npos) << message;
}

TEST_F(HostileArchive, TarWithAHardLinkBelowALink) {
  // Names don't go through symbolic links, so there is no such file in the archive.
  const std::string bytes = tar_member({.name = "out", .type = '2', .link = "/etc"}) +
                            tar_member({.name = "a", .type = '1', .link = "out/passwd"}) + kEnd;
  const Layer layer = load(bytes);
  ASSERT_EQ(layer.lower_links.size(), 1U);
  EXPECT_EQ(layer.lower_links[0].target, "/out/passwd");
  EXPECT_EQ(test::thrown_by([&] { tree_of(load(bytes)); }).first, ErrorCode::Corrupt);
}

TEST_F(HostileArchive, TarWithASymlinkWithoutTarget) {
  expect_corrupt(tar_member({.name = "a", .type = '2'}) + kEnd, "a: the symbolic link has no target");
}

// --- tar: numbers

TEST_F(HostileArchive, TarWithAnAbsurdDevice) {
  for (const char type : {'3', '4'}) {
    expect_unsupported(tar_member({.name = "a",
                                   .type = type,
                                   .device_major = base256(std::int64_t{1} << 40U, 8),
                                   .device_minor = "0000001"}) +
                           kEnd,
                       "device number 1099511627776 is out of range");
  }
}

TEST_F(HostileArchive, TarWithOwnersBeyond32Bits) {
  expect_unsupported(tar_member({.name = "a", .uid = base256(std::int64_t{1} << 32U, 8)}) + kEnd,
                     "the user ID 4294967296 is out of range");
  expect_unsupported(tar_member({.name = "a", .gid = base256(0xffffffff, 8)}) + kEnd,
                     "the group ID 4294967295 is out of range");
  expect_unsupported(pax_member({{"uid", "99999999999999999999"}}) + tar_member({.name = "a"}) + kEnd, "user ID");
}

TEST_F(HostileArchive, TarWithAnExtremeTime) {
  const Layer layer = load(pax_member({{"mtime", "99999999999999999999999.5"}}) + tar_member({.name = "a"}) + kEnd);
  EXPECT_LT(node_at(layer.tree, "a").mtime.nanoseconds, 1'000'000'000U);
}

// --- tar: kinds

TEST_F(HostileArchive, TarWithAnUnknownKindOfMember) {
  // POSIX has it that what isn't known is a file.
  const Layer layer = load(tar_member({.name = "a", .type = 'Q', .content = "content"}) + kEnd);
  EXPECT_EQ(text_of(node_at(layer.tree, "a")), "content");
}

TEST_F(HostileArchive, TarThatIsAVolumeOfSeveral) {
  expect_unsupported(tar_member({.name = "a", .type = 'M', .content = "rest"}) + kEnd, "another volume");
}

TEST_F(HostileArchive, TarWithALabel) {
  const Layer layer = load(tar_member({.name = "label", .type = 'V'}) + tar_member({.name = "a"}) + kEnd);
  EXPECT_EQ(layer.tree.node_count(), 2U);
}

TEST_F(HostileArchive, TarWithMoreMembersThanTheBound) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += tar_member({.name = std::to_string(i)});
  EXPECT_EQ(load(bytes).tree.node_count(), 5001U);
  expect_unsupported(bytes, "max_metadata", {.max_metadata = 1 << 20U});
}

TEST_F(HostileArchive, TarWithOneNameAgainAndAgain) {
  // What a name had before it had the last file is memory, too.
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += tar_member({.name = "a", .content = std::to_string(i)});
  EXPECT_EQ(text_of(node_at(load(bytes).tree, "a")), "4999");
  expect_unsupported(bytes, "max_metadata", {.max_metadata = 1 << 20U});
}

// --- cpio

TEST_F(HostileArchive, CpioIsReadInPlace) {
  const Layer layer = load(cpio_member({.name = "d", .mode = 040755}) + cpio_member({.name = "d/a", .content = "abc"}) +
                           cpio_member({.name = "l", .content = "d/a", .mode = 0120777}) + cpio_end());
  EXPECT_EQ(text_of(node_at(layer.tree, "d/a")), "abc");
  EXPECT_EQ(node_at(layer.tree, "l").target, "d/a");
}

TEST_F(HostileArchive, CpioWithANameOfFourGigabytes) {
  expect_corrupt(cpio_member({.name = "a", .name_size = UINT32_MAX - 1}) + cpio_end(), "");
}

TEST_F(HostileArchive, CpioWithAnEmptyName) {
  expect_corrupt(cpio_member({.name = "", .name_size = 0}) + cpio_end(), "");
}

TEST_F(HostileArchive, CpioWithASizeBeyondItsEnd) {
  expect_corrupt(cpio_member({.name = "a", .content = "a", .size = UINT32_MAX - 1}) + cpio_end(),
                 "a: the archive ends before its content does");
}

TEST_F(HostileArchive, CpioThatIsCutOff) {
  const std::string whole = cpio_member({.name = "a"}) + cpio_member({.name = "b", .content = "b"}) + cpio_end();
  expect_corrupt(whole.substr(0, 150), "it is damaged or cut off");
}

TEST_F(HostileArchive, CpioWithAnUnknownKindOfMember) {
  expect_unsupported(cpio_member({.name = "a", .mode = 0170644}) + cpio_end(), "the file type 0170000 is unknown");
}

TEST_F(HostileArchive, CpioWithASymlinkOfGigabytes) {
  expect_corrupt(cpio_member({.name = "a", .content = "a", .mode = 0120777, .size = 2'000'000'000}) + cpio_end(), "");
}

// --- zip

TEST_F(HostileArchive, ZipWithStoredMembersIsReadInPlace) {
  const std::string bytes =
      zip({{.name = "a", .content = "abc"}, {.name = "d/b", .content = std::string(300'000, 'b')}});
  // Nothing is decompressed, so that there is no bound to reach.
  const Layer layer = load(bytes, {.max_size = 0});
  EXPECT_EQ(text_of(node_at(layer.tree, "a")), "abc");
  EXPECT_EQ(text_of(node_at(layer.tree, "d/b")), std::string(300'000, 'b'));
}

TEST_F(HostileArchive, ZipWithAWrongChecksum) {
  expect_corrupt(zip({{.name = "a", .content = "abc", .crc = 0x12345678}}), "a: ZIP bad CRC");
}

TEST_F(HostileArchive, ZipWithMembersThatOverlap) {
  // The first has the header of the second within its content.
  std::string inner = zip({{.name = "inner", .content = std::string(100, 'i')}});
  inner = inner.substr(0, 30 + 5 + 100);
  const std::string outer_header(30 + 5, 'h');
  const std::string bytes = zip({{.name = "outer", .content = inner},
                                 {.name = "inner",
                                  .content = std::string(100, 'i'),
                                  .header_offset = static_cast<std::uint32_t>(outer_header.size())}});
  expect_corrupt(bytes, "it overlaps another member");
}

TEST_F(HostileArchive, ZipThatSaysItHasMillionsOfMembers) {
  // The directory counts, not what is said of it.
  const Layer layer = load(zip({{.name = "a", .content = "abc"}}, 65'000));
  EXPECT_EQ(layer.tree.node_count(), 2U);
}

TEST_F(HostileArchive, ZipThatIsEncrypted) {
  expect_unsupported(zip({{.name = "a", .content = std::string(100, 'e'), .flags = 1}}), "encrypted");
}

TEST_F(HostileArchive, ZipWithAnUnknownMethod) {
  expect_unsupported(zip({{.name = "a", .content = "abc", .method = 77}}), "nsupported");
}

TEST_F(HostileArchive, ZipWithASizeThatIsALie) {
  expect_corrupt(zip({{.name = "a", .content = "abc", .size = 1'000'000'000}}), "");
}

TEST_F(HostileArchive, ZipThatIsCutOff) {
  const std::string whole = zip({{.name = "a", .content = std::string(1000, 'a')}});
  expect_corrupt(whole.substr(0, 500), "");
}

TEST_F(HostileArchive, ZipWithNamesThatLeadOut) {
  expect_corrupt(zip({{.name = "../a", .content = "abc"}}), "leads out of the archive");
}

// --- 7z

TEST_F(HostileArchive, SevenZipWithAHeaderFarAway) {
  std::string start;
  append_little<std::uint64_t>(start, 0x7fff'ffff'ffff'0000);  // where the header is
  append_little<std::uint64_t>(start, 1'000'000'000);          // its size
  append_little<std::uint32_t>(start, 0);
  std::string bytes("7z\xbc\xaf\x27\x1c\0\x04", 8);
  append_little(bytes, crc_of(start));
  expect_corrupt(bytes + start + std::string(100, '\0'), "");
}

// --- anything

/// Reads the beginning of every file, as a file system would.
void read_contents(const Tree& tree) {
  for (std::size_t id = 0; id < tree.node_count(); ++id) {
    const BlobPtr& content = tree.node(static_cast<NodeId>(id)).content;
    if (!content) continue;
    std::vector<std::byte> bytes(std::min<std::uint64_t>(content->size(), 65'536));
    content->read(0, bytes);
  }
}

TEST_F(HostileArchive, DamageAnywhereIsAnErrorOrReadAround) {
  const std::string tar =
      pax_member({{"path", "d/a"}, {"mtime", "1.5"}, {"SCHILY.xattr.user.a", "v"}}) +
      tar_member({.name = "x", .content = "content"}) + tar_member({.name = "d", .type = '5', .mode = "0000755"}) +
      tar_member({.name = "h", .type = '1', .link = "d/a"}) +
      old_sparse_member("s", {{octal(0), octal(3)}, {octal(8192), octal(4)}}, octal(10'000), "abcdefg") +
      tar_member({.name = "null", .type = '3', .device_major = "0000001", .device_minor = "0000003"}) + kEnd;
  const std::string cpio = cpio_member({.name = "d", .mode = 040755, .links = 2}) +
                           cpio_member({.name = "d/a", .content = "abc", .inode = 7, .links = 2}) +
                           cpio_member({.name = "b", .content = "abc", .inode = 7, .links = 2}) + cpio_end();
  const std::string zipped = zip({{.name = "a", .content = "abc"},
                                  {.name = "d/b", .content = std::string(2000, 'b')},
                                  {.name = "l", .content = "a", .mode = 0120777}});
  std::mt19937_64 random(1);  // NOLINT(cert-msc*): the same in each run
  for (const std::string& whole : {tar, cpio, zipped}) {
    for (int round = 0; round < 2000; ++round) {
      std::string damaged = whole.substr(0, round % 4 == 0 ? random() % whole.size() : whole.size());
      for (std::uint64_t flips = random() % 8; flips != 0 && !damaged.empty(); --flips) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      const auto [code, message] = test::thrown_by([&] { read_contents(load(damaged, {.max_size = 1 << 20U}).tree); });
      EXPECT_TRUE(message.empty() || code == ErrorCode::Corrupt || code == ErrorCode::Unsupported) << message;
    }
  }
}

TEST_F(HostileArchive, NoArchiveAtAll) {
  expect_corrupt(std::string(4096, 'x'), "");
  expect_corrupt("x", "");
}

}  // namespace
}  // namespace fstool::tar
