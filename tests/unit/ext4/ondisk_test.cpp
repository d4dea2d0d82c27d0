// The structures and checksums that mke2fs writes are those that we compute.

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "fstool/checksum.h"
#include "ondisk/checksum_seed.h"
#include "ondisk/features.h"
#include "ondisk/generation.h"
#include "ondisk/group_descriptor.h"
#include "ondisk/inode.h"
#include "ondisk/superblock.h"

namespace fstool::ext4 {
namespace {

/// An image that mke2fs makes, in memory.
class MadeByMke2fs {
 public:
  explicit MadeByMke2fs(const std::string& options) {
    std::string name = (std::filesystem::temp_directory_path() / "fstool-mke2fs-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    const std::string image = name + "/image";
    const std::string command =
        "mke2fs -q -F -U 6a2c5b2c-6f3c-4c5e-9e8a-0123456789ab " + options + " " + image + " 16M > /dev/null 2>&1";
    const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe, cert-env33-c)
    std::ifstream file(image, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::filesystem::remove_all(name);
    if (status != 0 || bytes.empty()) throw std::runtime_error(command + " failed");
    bytes_.resize(bytes.size());
    std::memcpy(bytes_.data(), bytes.data(), bytes.size());
  }

  std::span<const std::byte> bytes(std::uint64_t offset, std::size_t length) const {
    return std::span(bytes_).subspan(offset, length);
  }
  template <class T>
  T at(std::uint64_t offset) const {
    T object;
    std::memcpy(&object, bytes(offset, sizeof(T)).data(), sizeof(T));
    return object;
  }
  Superblock superblock() const { return at<Superblock>(kSuperblockOffset); }
  std::uint64_t block_size() const { return std::uint64_t{1024} << superblock().log_block_size; }
  std::uint64_t descriptor_offset() const { return (superblock().first_data_block + 1) * block_size(); }
  std::uint32_t checksum_seed() const { return crc32c(~0U, superblock().uuid); }

 private:
  std::vector<std::byte> bytes_;
};

TEST(OnDisk, SuperblockFieldsAndChecksum) {
  const MadeByMke2fs image("-t ext4 -b 4096 -I 256 -N 128 -L label -M /mnt -e panic");
  const Superblock superblock = image.superblock();
  EXPECT_EQ(superblock.magic, kSuperblockMagic);
  EXPECT_EQ(superblock.blocks_count_lo, 4096U);
  EXPECT_EQ(superblock.inodes_count, 128U);
  EXPECT_EQ(superblock.inode_size, 256U);
  EXPECT_EQ(superblock.first_inode, kFirstInode);
  EXPECT_EQ(superblock.descriptor_size, sizeof(GroupDescriptor));
  EXPECT_EQ(superblock.errors, 3U);
  EXPECT_EQ(superblock.state, kStateClean);
  EXPECT_STREQ(superblock.volume_name.data(), "label");
  EXPECT_STREQ(superblock.last_mounted.data(), "/mnt");
  EXPECT_EQ(superblock.journal_inode, kJournalInode);
  EXPECT_EQ(superblock.journal_backup_type, 1U);
  EXPECT_EQ(superblock.checksum_type, 1U);
  EXPECT_EQ(superblock.want_extra_isize, kExtraIsize);
  EXPECT_EQ(superblock.checksum, crc32c(~0U, bytes_of(superblock).first(offsetof(Superblock, checksum))));
  EXPECT_EQ(generation_of(features_of(superblock)), Generation::Ext4);
}

TEST(OnDisk, GenerationsAreToldApartByTheirFeatures) {
  EXPECT_EQ(generation_of(features_of(MadeByMke2fs("-t ext2").superblock())), Generation::Ext2);
  EXPECT_EQ(generation_of(features_of(MadeByMke2fs("-t ext3").superblock())), Generation::Ext3);
  EXPECT_EQ(generation_of(features_of(MadeByMke2fs("-t ext2 -O extent").superblock())), Generation::Ext4);
}

TEST(OnDisk, GroupDescriptorChecksums) {
  for (const char* options : {"-t ext4", "-t ext4 -O ^64bit"}) {
    SCOPED_TRACE(options);
    const MadeByMke2fs image(options);
    const std::size_t size = features_of(image.superblock()).has_incompat(kIncompat64bit) ? 64 : 32;
    std::vector<std::byte> raw(size);
    std::memcpy(raw.data(), image.bytes(image.descriptor_offset(), size).data(), size);
    little_uint16_t stored;
    std::memcpy(&stored, raw.data() + offsetof(GroupDescriptor, checksum), sizeof(stored));
    std::memset(raw.data() + offsetof(GroupDescriptor, checksum), 0, sizeof(stored));
    EXPECT_EQ(stored, crc32c(crc32c_of(image.checksum_seed(), little_uint32_t(0)), raw) & 0xFFFF);
  }
}

TEST(OnDisk, GroupDescriptorChecksumsOfUninitBg) {
  const MadeByMke2fs image("-t ext4 -O ^metadata_csum,uninit_bg,^64bit");
  const auto raw = image.bytes(image.descriptor_offset(), 32);
  const auto stored = image.at<little_uint16_t>(image.descriptor_offset() + offsetof(GroupDescriptor, checksum));
  std::uint16_t crc = crc16(0xFFFF, image.superblock().uuid);
  crc = crc16(crc, bytes_of(little_uint32_t(0)));
  EXPECT_EQ(stored, crc16(crc, raw.first(offsetof(GroupDescriptor, checksum))));
}

TEST(OnDisk, BitmapChecksums) {
  const MadeByMke2fs image("-t ext4 -b 4096");
  const auto descriptor = image.at<GroupDescriptor>(image.descriptor_offset());
  const auto expect = [&](std::uint32_t block, std::size_t bytes, std::uint32_t lo, std::uint32_t hi) {
    EXPECT_EQ(lo | (hi << 16), crc32c(image.checksum_seed(), image.bytes(block * image.block_size(), bytes)));
  };
  expect(descriptor.block_bitmap_lo, image.superblock().blocks_per_group / 8, descriptor.block_bitmap_checksum_lo,
         descriptor.block_bitmap_checksum_hi);
  expect(descriptor.inode_bitmap_lo, image.superblock().inodes_per_group / 8, descriptor.inode_bitmap_checksum_lo,
         descriptor.inode_bitmap_checksum_hi);
}

TEST(OnDisk, InodeChecksumsOfEverySize) {
  for (const std::size_t size : {128, 256, 512}) {
    SCOPED_TRACE(size);
    const MadeByMke2fs image("-t ext4 -I " + std::to_string(size));
    const auto descriptor = image.at<GroupDescriptor>(image.descriptor_offset());
    const std::uint64_t table = std::uint64_t{descriptor.inode_table_lo} * image.block_size();
    for (const std::uint32_t number : {kRootInode, kJournalInode, kFirstInode}) {
      const auto raw = image.bytes(table + (number - 1) * size, size);
      const auto inode = image.at<Inode>(table + (number - 1) * size);
      const std::uint32_t stored = inode.checksum_lo | (size > kOldInodeSize ? inode.checksum_hi << 16 : 0U);
      EXPECT_EQ(inode_checksum(raw, inode_checksum_seed(image.checksum_seed(), number, inode.generation)), stored);
    }
  }
}

TEST(OnDisk, FeatureNamesAreThoseOfDumpe2fs) {
  const Features features =
      features_of(MadeByMke2fs("-t ext4 -O metadata_csum_seed,orphan_file,inline_data").superblock());
  const std::vector<std::string> expected = {
      "has_journal", "ext_attr",  "resize_inode", "dir_index",          "orphan_file",  "filetype",
      "extent",      "64bit",     "flex_bg",      "metadata_csum_seed", "inline_data",  "sparse_super",
      "large_file",  "huge_file", "dir_nlink",    "extra_isize",        "metadata_csum"};
  EXPECT_EQ(feature_names(features), expected);
  EXPECT_EQ(feature_by_name("extents"), feature_by_name("extent"));
  EXPECT_EQ(feature_by_name("nonsense"), std::nullopt);
  EXPECT_EQ(feature_names({0x80000000, 0, 0}), std::vector<std::string>{"FEATURE_C31"});
}

}  // namespace
}  // namespace fstool::ext4
