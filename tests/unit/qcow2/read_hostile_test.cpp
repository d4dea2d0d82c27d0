// Headers and tables that lie, and damage of all kinds: every byte of an image may come from somebody else.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "ondisk/header.h"
#include "ondisk/mapping_entry.h"
#include "packed_image.h"
#include "qcow2_fixture.h"
#include "walk_qcow2.h"

namespace fstool::qcow2::test {
namespace {

constexpr std::uint64_t kCluster = 64 * kKiB;

class Qcow2HostileTest : public Qcow2Test {
 protected:
  void SetUp() override {
    qemu_img("create -q -f qcow2 image 16M");
    qemu_io("image", {"write -P 1 0 128k", "write -c -P 2 1M 64k"});
    l2_ = load_number(path("image"), load_number(path("image"), offsetof(Header, l1_table_offset))) & kHostOffsetMask;
  }

  void set(std::uint64_t offset, std::uint64_t value) const { store_number(path("image"), offset, value); }
  void set32(std::uint64_t offset, std::uint32_t value) const {
    const boost::endian::big_uint32_t stored(value);
    write_bytes(path("image"), offset, std::as_bytes(std::span(&stored, 1)));
  }
  std::uint64_t entry_place(std::uint64_t offset) const { return l2_ + offset / kCluster * 8; }

  void expect_refused(ErrorCode code, const std::string& words) {
    const auto [actual, text] = open_error("image");
    EXPECT_EQ(actual, code) << text;
    EXPECT_NE(text.find(words), std::string::npos) << text;
  }

  void expect_unreadable(std::uint64_t offset, const std::string& words) {
    std::vector<std::byte> bytes(512);
    try {
      open("image")->read(offset, bytes);
      FAIL() << "it can be read";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Corrupt);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }

  std::uint64_t l2_ = 0;
};

TEST_F(Qcow2HostileTest, FieldsOfTheHeader) {
  struct Case {
    std::uint64_t offset;
    std::uint32_t value;
    ErrorCode code;
    const char* words;
  };
  const Case cases[] = {
      {offsetof(Header, version), 4, ErrorCode::Unsupported, "version 4"},
      {offsetof(Header, cluster_bits), 8, ErrorCode::Corrupt, "a cluster has 2^8 bytes"},
      {offsetof(Header, cluster_bits), 22, ErrorCode::Unsupported, "clusters of 4 MiB"},
      {offsetof(Header, cluster_bits), 0xffffffff, ErrorCode::Corrupt, "a cluster has"},
      {offsetof(Header, crypt_method), 1, ErrorCode::Unsupported, "encrypted with AES"},
      {offsetof(Header, crypt_method), 2, ErrorCode::Unsupported, "encrypted with LUKS"},
      {offsetof(Header, crypt_method), 3, ErrorCode::Unsupported, "method 3"},
      {offsetof(Header, l1_size), 0, ErrorCode::Corrupt, "the L1 table has 0 entries, too few"},
      {offsetof(Header, l1_size), 0x400001, ErrorCode::Unsupported, "the L1 table has 32 MiB"},
      {offsetof(Header, l1_size), 0x400000, ErrorCode::Corrupt, "beyond the end of the file"},
      {offsetof(Header, l1_table_offset) + 4, 0x30200, ErrorCode::Corrupt, "not at a cluster"},
      {offsetof(Header, l1_table_offset), 0x70000000, ErrorCode::Corrupt, "beyond the end of the file"},
      {offsetof(Header, size), 0x7fffffff, ErrorCode::Corrupt, "too few for a disk of"},
      {offsetof(Header, refcount_order), 7, ErrorCode::Corrupt, "a refcount has 2^7 bits"},
      {offsetof(Header, header_length), 96, ErrorCode::Corrupt, "it has 104 at least"},
      {offsetof(Header, header_length), 0xfffffff8, ErrorCode::Corrupt, "more than a cluster"},
      {offsetof(Header, incompatible_features) + 4, 8, ErrorCode::Corrupt, "the compression type is 0"},
      {offsetof(Header, incompatible_features) + 4, 4, ErrorCode::Corrupt, "external data file and doesn't say which"},
      {offsetof(Header, compression_type), 0x01000000, ErrorCode::Corrupt, "the compression type is 1"},
      {offsetof(Header, backing_file_size), 5, ErrorCode::Corrupt, "the name of the backing file"},
  };
  std::filesystem::copy_file(path("image"), path("good"));
  for (const Case& hostile : cases) {
    SCOPED_TRACE(hostile.words);
    std::filesystem::copy_file(path("good"), path("image"), std::filesystem::copy_options::overwrite_existing);
    if (hostile.offset == offsetof(Header, backing_file_size)) set(offsetof(Header, backing_file_offset), kCluster - 4);
    set32(hostile.offset, hostile.value);
    expect_refused(hostile.code, hostile.words);
  }
}

TEST_F(Qcow2HostileTest, FeaturesAreRefusedByTheirNames) {
  set(offsetof(Header, incompatible_features), 1ULL << 40U | 1ULL << 7U);
  expect_refused(ErrorCode::Unsupported, "one without a name (bit 7), one without a name (bit 40)");
  // The feature name table is QEMU's first extension here.
  const std::array<char, 8> name = {0, 40, 'n', 'e', 'w', '\x1b', '!', 0};
  const std::uint64_t table = load_number(path("image"), 112) >> 32U == 0x6803f857 ? 120 : 0;
  ASSERT_NE(table, 0U);
  write_bytes(path("image"), table, std::as_bytes(std::span(name)));
  expect_refused(ErrorCode::Unsupported, "\"new?!\" (bit 40)");
}

TEST_F(Qcow2HostileTest, UnknownExtensionsAreIgnoredAndTooLongOnesRefused) {
  set32(112, 0x12345678);
  EXPECT_EQ(open("image")->size(), 16 * kMiB);
  set32(116, 0xfffffff0);
  expect_refused(ErrorCode::Corrupt, "header extension 0x12345678");
}

TEST_F(Qcow2HostileTest, DirtyAndCorruptImagesAreReadWithAWarning) {
  set(offsetof(Header, incompatible_features), 3);
  std::vector<std::byte> bytes(512);
  open("image")->read(0, bytes);
  EXPECT_EQ(bytes[0], std::byte{1});
  EXPECT_NE(warnings().find("was not closed cleanly"), std::string::npos) << warnings();
  EXPECT_NE(warnings().find("is marked as corrupt"), std::string::npos) << warnings();
}

TEST_F(Qcow2HostileTest, EntriesOfTables) {
  const std::uint64_t good = load_number(path("image"), entry_place(0));
  set(entry_place(0), good + 512);
  expect_unreadable(0, "guest cluster 0: its data begins at");
  set(entry_place(0), good + kGiB);
  expect_unreadable(0, "guest cluster 0: its data, at");
  // What lies before the damage can be read, and is a run of its own.
  set(entry_place(0), good);
  set(entry_place(kCluster), good + kGiB);
  EXPECT_EQ(open("image")->run_at(0).length, kCluster);
  expect_unreadable(kCluster, "guest cluster 1");
  const std::uint64_t l1 = load_number(path("image"), offsetof(Header, l1_table_offset));
  set(l1, l2_ + 512);
  expect_unreadable(0, "its L2 table begins at");
  set(l1, 1ULL << 50U);
  expect_unreadable(0, "its L2 table, at");
}

TEST_F(Qcow2HostileTest, CompressedClustersThatAreDamagedShortOrLong) {
  const std::uint64_t entry = load_number(path("image"), entry_place(kMiB));
  const std::uint64_t payload = compressed_payload(Geometry(16), entry).offset;
  set(entry_place(kMiB), entry + kGiB);
  expect_unreadable(kMiB, "guest cluster 16: its data, at");
  set(entry_place(kMiB), entry);
  for (const std::uint64_t bytes : {kCluster - 1, kCluster + 1}) {
    std::vector<std::byte> stream(1024);
    const std::size_t size =
        make_codec("deflate")->compressor()->compress(std::vector<std::byte>(bytes), stream).value();
    ASSERT_LT(size, 512U);
    write_bytes(path("image"), payload, std::span(stream).first(size));
    expect_unreadable(kMiB + 512, bytes < kCluster ? "guest cluster 16: the compressed data holds 65535 bytes"
                                                   : "guest cluster 16: the deflate stream holds more than 65536");
  }
  set(payload, ~0ULL);
  expect_unreadable(kMiB + kCluster - 512, "guest cluster 16: the deflate stream is damaged");
}

TEST_F(Qcow2HostileTest, ZerosInVersion2) {
  qemu_img("create -q -f qcow2 -o compat=0.10 image 16M");
  qemu_io("image", {"write -P 1 0 64k"});
  l2_ = load_number(path("image"), load_number(path("image"), offsetof(Header, l1_table_offset))) & kHostOffsetMask;
  set(entry_place(0), load_number(path("image"), entry_place(0)) | 1);
  expect_unreadable(0, "marked as zeros, which version 2 doesn't know");
  EXPECT_NE(check("image").find("reserved bits"), std::string::npos);
}

TEST_F(Qcow2HostileTest, SubclustersThatContradictThemselves) {
  qemu_img("create -q -f qcow2 -o extended_l2=on image 16M");
  qemu_io("image", {"write -P 1 0 4k"});
  const std::uint64_t l2 = load_number(path("image"), load_number(path("image"), 40)) & kHostOffsetMask;
  set(l2 + 8, 3ULL << 32U | 3);
  expect_unreadable(0, "guest cluster 0: a subcluster of it is both allocated and zeros");
  EXPECT_NE(check("image").find("guest cluster 0: a subcluster of it is both"), std::string::npos);
  set(l2, 0);
  set(l2 + 8, 1);
  expect_unreadable(0, "guest cluster 0: a subcluster of it is allocated, and has no place");
}

TEST_F(Qcow2HostileTest, TheFuzzersCorpus) {
  std::size_t images = 0;
  for (const auto& file : std::filesystem::directory_iterator(FSTOOL_TEST_CORPUS)) {
    SCOPED_TRACE(file.path());
    fuzz::walk_qcow2_image(fuzz::unpack_image(file_bytes(file.path())), codecs());
    ++images;
  }
  EXPECT_GT(images, 20U);
}

TEST_F(Qcow2HostileTest, RandomDamage) {
  std::mt19937_64 random(1);
  for (const char* const options :
       {"cluster_size=512", "cluster_size=16k,extended_l2=on", "compat=0.10,cluster_size=4k"}) {
    qemu_img(std::string("create -q -f qcow2 -o ") + options + " image 1M");
    qemu_io("image", {"write -P 1 0 100k", "write -c -P 2 512k 32k"});
    const std::vector<std::byte> good = file_bytes(path("image"));
    for (int i = 0; i < 300; ++i) {
      std::vector<std::byte> bad = good;
      for (unsigned damage = 0; damage < 1 + random() % 8; ++damage) {
        // Damage of metadata, which begins with the file, does most.
        const std::size_t place = random() % (random() % 2 == 0 ? bad.size() : std::min<std::size_t>(bad.size(), 8192));
        bad[place] = random() % 3 == 0 ? std::byte{0xff} : static_cast<std::byte>(random() & 0xffU);
      }
      fuzz::walk_qcow2_image(bad, codecs());
    }
  }
}

}  // namespace
}  // namespace fstool::qcow2::test
