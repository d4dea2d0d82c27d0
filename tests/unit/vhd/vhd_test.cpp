#include "vhd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "codec_fixture.h"
#include "container_fixture.h"
#include "fstool/plugin.h"
#include "ondisk/checksum.h"
#include "ondisk/dynamic_header.h"
#include "ondisk/footer.h"

extern "C" const fstool::PluginDescriptor fstool_plugin;

namespace fstool::vhd {
namespace {

using fstool::test::disks_of_odd_sizes;
using fstool::test::expect_same;
using fstool::test::random_bytes;
using fstool::test::sparse_disk;
using testing::HasSubstr;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kTableOffset = sizeof(Footer) + sizeof(DynamicHeader);

class VhdTest : public fstool::test::ContainerFixture {
 protected:
  void write(const Blob& disk, const VhdOptions& options = {}, const std::string& name = "disk.vhd",
             unsigned threads = 2) {
    VhdContainer container(options);
    write_image(container, disk, name, threads);
  }

  Footer end_footer(const std::string& name) const {
    return get<Footer>(name, std::filesystem::file_size(path(name)) - sizeof(Footer));
  }

  /// Replaces the footers of a dynamic image, or the one of a fixed image, with the right checksum.
  void put_footers(const std::string& name, Footer footer, bool front) const {
    footer.checksum = checksum_of(footer);
    if (front) put(name, 0, footer);
    put(name, std::filesystem::file_size(path(name)) - sizeof(Footer), footer);
  }

  void put_header(const std::string& name, DynamicHeader header) const {
    header.checksum = checksum_of(header);
    put(name, sizeof(Footer), header);
  }

  std::uint32_t table_entry(const std::string& name, std::uint64_t block) const {
    return get<TableEntry>(name, kTableOffset + block * sizeof(TableEntry));
  }
  void set_table_entry(const std::string& name, std::uint64_t block, std::uint32_t sector) const {
    put(name, kTableOffset + block * sizeof(TableEntry), TableEntry(sector));
  }

  VhdContainer container_{VhdOptions{}};
};

using Combination = std::tuple<Subformat, std::uint64_t>;

class EveryVhd : public VhdTest, public testing::WithParamInterface<Combination> {
 protected:
  VhdOptions options() const {
    VhdOptions options;
    options.subformat = std::get<0>(GetParam());
    options.block_size = Bytes{std::get<1>(GetParam())};
    return options;
  }

  WriteDisk writer() {
    return
        [this](const Blob& disk, const std::string& name, unsigned threads) { write(disk, options(), name, threads); };
  }

  void expect_good(const BlobPtr& disk) {
    write(*disk, options());
    const std::uint64_t size = round_up(disk->size(), kSectorSize);
    expect_qemu_reads("vpc", "disk.vhd", *disk, size);
    EXPECT_EQ(check_image(container_, "disk.vhd"), "");
    EXPECT_TRUE(container_.probe(*open_file_blob(path("disk.vhd"))));
    BlobBuilder padded;
    padded.add(0, disk);
    expect_same(*open_image(container_, "disk.vhd"), *padded.finish(size));
  }
};

INSTANTIATE_TEST_SUITE_P(Vhd, EveryVhd,
                         testing::Values(Combination{Subformat::Dynamic, 2 * kMiB},
                                         Combination{Subformat::Dynamic, 512 * kKiB},
                                         Combination{Subformat::Fixed, 2 * kMiB}),
                         [](const testing::TestParamInfo<Combination>& kind) {
                           const bool fixed = std::get<0>(kind.param) == Subformat::Fixed;
                           return fixed ? "fixed" : "dynamic_" + size_text(std::get<1>(kind.param));
                         });

TEST_P(EveryVhd, EmptyDisk) {
  const BlobPtr disk = make_hole_blob(0);
  if (options().subformat == Subformat::Dynamic) return expect_good(disk);
  // QEMU takes the footer of an empty fixed disk, of its own ones too, for the copy of a dynamic one.
  write(*disk, options());
  EXPECT_EQ(check_image(container_, "disk.vhd"), "");
  EXPECT_EQ(open_image(container_, "disk.vhd")->size(), 0U);
}

TEST_P(EveryVhd, DisksOfOddSizes) {
  for (const BlobPtr& disk : disks_of_odd_sizes()) expect_good(disk);
}

TEST_P(EveryVhd, ASparseDiskBeyondTheLargestGeometry) {
  // 65535 cylinders of 16 heads and 255 sectors are a little less than 127.5 GiB.
  expect_good(sparse_disk(
      130 * kGiB + 512,
      {{0, random_bytes(3000, 4)}, {3 * kGiB + 12345, random_bytes(3 * kMiB, 5)}, {130 * kGiB, random_bytes(512, 6)}}));
}

TEST_P(EveryVhd, ZerosTakeNoRoomWhetherTheyAreHolesOrData) {
  expect_zeros_are_holes(writer());
  EXPECT_LE(allocated_bytes("whole"), 2 * kMiB + 128 * kKiB);
}

TEST_P(EveryVhd, TheImageDoesNotDependOnTheNumberOfThreads) {
  const auto disk = sparse_disk(40 * kMiB, {{100, random_bytes(9 * kMiB, 8)}, {20 * kMiB, random_bytes(5 * kMiB, 9)}});
  expect_threads_do_not_matter(*disk, writer());
}

TEST_P(EveryVhd, TheFooterIsThatOfTheSpecification) {
  write(*make_memory_blob(random_bytes(5 * kMiB, 10)), options());
  const Footer footer = end_footer("disk.vhd");
  const bool fixed = options().subformat == Subformat::Fixed;
  EXPECT_EQ(std::string_view(footer.cookie.data(), 8), "conectix");
  EXPECT_EQ(footer.features, 2U);
  EXPECT_EQ(footer.file_format_version, 0x00010000U);
  EXPECT_EQ(footer.data_offset, fixed ? ~std::uint64_t{0} : 512U);
  EXPECT_EQ(footer.original_size, 5 * kMiB);
  EXPECT_EQ(footer.current_size, 5 * kMiB);
  EXPECT_EQ(footer.disk_type, fixed ? 2U : 3U);
  EXPECT_EQ(footer.geometry.cylinders, 150U);  // 10240 sectors / 17 / 4
  EXPECT_EQ(footer.geometry.heads, 4U);
  EXPECT_EQ(footer.geometry.sectors_per_track, 17U);
  EXPECT_EQ(footer.saved_state, 0U);
  EXPECT_EQ(footer.time_stamp, 0U);
  EXPECT_EQ(footer.checksum, checksum_of(footer));
}

TEST_P(EveryVhd, TheUniqueIdIsThatOfTheContentOrOfTheOption) {
  write(*make_memory_blob(random_bytes(5 * kMiB, 11)), options(), "a.vhd");
  write(*make_memory_blob(random_bytes(5 * kMiB, 12)), options(), "b.vhd");
  write(*make_memory_blob(std::vector<std::byte>(5 * kMiB)), options(), "c.vhd");
  write(*make_memory_blob(std::vector<std::byte>(6 * kMiB)), options(), "d.vhd");
  std::vector<std::array<std::byte, 16>> ids;
  for (const char* const name : {"a.vhd", "b.vhd", "c.vhd", "d.vhd"}) ids.push_back(end_footer(name).unique_id);
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());

  VhdOptions with_id = options();
  with_id.uuid = Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  write(*make_hole_blob(kMiB), with_id);
  EXPECT_EQ(end_footer("disk.vhd").unique_id, with_id.uuid->bytes);
}

TEST_P(EveryVhd, RandomDamageIsAnErrorAtWorst) {
  write(*sparse_disk(9 * kMiB, {{0, random_bytes(10'000, 13)}, {5 * kMiB, random_bytes(10'000, 14)}}), options());
  fstool::test::expect_survives_damage(container_, file_bytes("disk.vhd"), 2048, 60);
}

TEST_F(VhdTest, ADynamicDiskIsLaidOutFrontToBack) {
  write(*sparse_disk(11 * kMiB, {{0, random_bytes(100, 1)}, {5 * kMiB, random_bytes(2 * kMiB, 2)}}));
  EXPECT_EQ(file_bytes("disk.vhd").size(), 4096 + 3 * 2 * kMiB + 2 * 4096 + 512);
  const auto front = get<Footer>("disk.vhd", 0);
  const Footer end = end_footer("disk.vhd");
  EXPECT_EQ(std::memcmp(&front, &end, sizeof(Footer)), 0);
  const auto header = get<DynamicHeader>("disk.vhd", 512);
  EXPECT_EQ(std::string_view(header.cookie.data(), 8), "cxsparse");
  EXPECT_EQ(header.data_offset, ~std::uint64_t{0});
  EXPECT_EQ(header.table_offset, kTableOffset);
  EXPECT_EQ(header.header_version, 0x00010000U);
  EXPECT_EQ(header.max_table_entries, 6U);
  EXPECT_EQ(header.block_size, 2 * kMiB);
  EXPECT_EQ(header.checksum, checksum_of(header));
  // Blocks 0, 2 and 3, their data at multiples of 4 KiB; the table goes on to the end of its sector.
  const std::uint64_t stride = (2 * kMiB + 4096) / 512;
  EXPECT_EQ(table_entry("disk.vhd", 0), 7U);
  EXPECT_EQ(table_entry("disk.vhd", 1), kUnusedEntry);
  EXPECT_EQ(table_entry("disk.vhd", 2), 7 + stride);
  EXPECT_EQ(table_entry("disk.vhd", 3), 7 + 2 * stride);
  for (std::uint64_t i = 4; i < 128; ++i) EXPECT_EQ(table_entry("disk.vhd", i), kUnusedEntry);
  using Bitmap = std::array<std::byte, 512>;
  Bitmap ones;
  ones.fill(std::byte{0xff});
  for (const std::uint64_t block : {0U, 2U, 3U}) {
    EXPECT_EQ(get<Bitmap>("disk.vhd", table_entry("disk.vhd", block) * kSectorSize), ones);
  }
}

TEST_F(VhdTest, AFixedDiskIsTheDiskAndAFooter) {
  const auto bytes = random_bytes(3 * kMiB, 1);
  write(*make_memory_blob(bytes), {.subformat = Subformat::Fixed});
  const auto written = file_bytes("disk.vhd");
  ASSERT_EQ(written.size(), 3 * kMiB + 512);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), written.begin()));
}

TEST_F(VhdTest, TheSizeIsRoundedUpAsAsked) {
  for (const Subformat subformat : {Subformat::Dynamic, Subformat::Fixed}) {
    const auto disk = make_memory_blob(random_bytes(kMiB + 1, 1));
    write(*disk, {.subformat = subformat, .size_multiple = Bytes{kMiB}});
    expect_qemu_reads("vpc", "disk.vhd", *disk, 2 * kMiB);
    EXPECT_EQ(end_footer("disk.vhd").current_size, 2 * kMiB);
    EXPECT_EQ(container_.inspect(file("disk.vhd"), new_context()).disk_size, 2 * kMiB);
  }
}

TEST_F(VhdTest, TheTimeIsTheClocks) {
  const auto time_of = [&](std::int64_t epoch) {
    write_image(container_, *make_hole_blob(512), "disk.vhd", 1, epoch);
    return end_footer("disk.vhd").time_stamp.value();
  };
  EXPECT_EQ(time_of(946'684'800), 0U);
  EXPECT_EQ(time_of(1'700'000'000), 1'700'000'000U - 946'684'800U);
  EXPECT_EQ(time_of(0), 0U);  // before the first
  EXPECT_EQ(time_of(std::int64_t{1} << 40U), 0xffffffffU);
}

TEST_F(VhdTest, GeometriesAreThoseOfQemu) {
  for (const char* const size : {"1M", "5M", "34M", "69M", "70M", "253M", "504M", "505M", "2G", "31G", "32G", "100G"}) {
    output_of("qemu-img create -q -f vpc qemu.vhd " + std::string(size));
    const auto theirs = get<Footer>("qemu.vhd", 0);
    const DiskGeometry ours = geometry_of(theirs.current_size / kSectorSize);
    EXPECT_EQ(ours.cylinders, theirs.geometry.cylinders) << size;
    EXPECT_EQ(ours.heads, theirs.geometry.heads) << size;
    EXPECT_EQ(ours.sectors_per_track, theirs.geometry.sectors_per_track) << size;
  }
  EXPECT_EQ(geometry_of(kMaxSectors).sectors(), kMaxGeometrySectors);
  EXPECT_EQ(geometry_of(0).sectors(), 0U);
}

TEST_F(VhdTest, WhatCantBeWrittenIsRefused) {
  OutputFile output(path("disk.vhd"));
  const auto too_large =
      error_of([&] { container_.write(*make_hole_blob(2040 * kGiB + 1), output, nullptr, new_context()); });
  EXPECT_EQ(too_large.first, ErrorCode::InvalidArgument);
  EXPECT_EQ(too_large.second, "a disk of 2 TiB is too large for vhd, which ends at 2040 GiB; choose another container");
  class NamedCodec : public Codec {
   public:
    std::string name() const override { return "squeeze"; }
    std::unique_ptr<Compressor> compressor() const override { return nullptr; }
    std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
  };
  const NamedCodec codec;
  const auto compressed = error_of([&] { container_.write(*make_hole_blob(512), output, &codec, new_context()); });
  EXPECT_EQ(compressed.first, ErrorCode::InvalidArgument);
  EXPECT_THAT(compressed.second, HasSubstr("vhd images can't be compressed"));
}

TEST_F(VhdTest, TheLargestDiskIsWritten) {
  const auto disk = sparse_disk(2040 * kGiB, {{2040 * kGiB - 700, random_bytes(700, 1)}});
  write(*disk);
  EXPECT_LE(allocated_bytes("disk.vhd"), 5 * kMiB);
  expect_same(*open_image(container_, "disk.vhd"), *disk);
  expect_qemu_reads("vpc", "disk.vhd", *disk, 2040 * kGiB);
}

TEST_F(VhdTest, OtherFilesAreNotRecognized) {
  EXPECT_FALSE(container_.probe(*make_hole_blob(0)));
  EXPECT_FALSE(container_.probe(*make_hole_blob(511)));
  EXPECT_FALSE(container_.probe(*make_memory_blob(random_bytes(kMiB, 1))));
  write(*make_memory_blob(random_bytes(kMiB, 1)), {.subformat = Subformat::Fixed});
  EXPECT_TRUE(container_.probe(*open_file_blob(path("disk.vhd"))));
  Footer footer = end_footer("disk.vhd");
  footer.time_stamp = 1;  // a cookie in the last sector alone is not enough
  put("disk.vhd", kMiB, footer);
  EXPECT_FALSE(container_.probe(*open_file_blob(path("disk.vhd"))));
}

TEST_F(VhdTest, SnapshotsThereAreNone) {
  write(*make_hole_blob(512));
  const auto error = error_of([&] { container_.open(file("disk.vhd"), "before", new_context()); });
  EXPECT_EQ(error.first, ErrorCode::NotFound);
}

TEST_F(VhdTest, FactsAreTold) {
  write(*make_hole_blob(5 * kMiB), {.block_size = Bytes{512 * kKiB}}, "dynamic.vhd");
  const ContainerFacts dynamic = container_.inspect(file("dynamic.vhd"), new_context());
  EXPECT_EQ(dynamic.disk_size, 5 * kMiB);
  EXPECT_EQ(dynamic.unit_size, 512 * kKiB);
  EXPECT_THAT(dynamic.features, testing::ElementsAre("dynamic"));
  write(*make_hole_blob(5 * kMiB), {.subformat = Subformat::Fixed}, "fixed.vhd");
  const ContainerFacts fixed = container_.inspect(file("fixed.vhd"), new_context());
  EXPECT_EQ(fixed.unit_size, 0U);
  EXPECT_THAT(fixed.features, testing::ElementsAre("fixed"));
}

/// Images that qemu-img makes of a disk with data, zeros and holes.
class QemuVhd : public VhdTest {
 protected:
  void SetUp() override {
    fstool::test::write_blob(*sparse_disk(20 * kMiB, {{0, random_bytes(3000, 1)},
                                                      {5 * kMiB, random_bytes(3 * kMiB, 2)},
                                                      {20 * kMiB - 512, random_bytes(512, 3)}}),
                             path("disk.raw"));
  }
  void convert(const std::string& options) const {
    output_of("qemu-img convert -f raw -O vpc -o " + options + " disk.raw disk.vhd");
  }
};

TEST_F(QemuVhd, IsReadWhateverItsKind) {
  for (const char* const options :
       {"subformat=dynamic", "subformat=dynamic,force_size=on", "subformat=fixed", "subformat=fixed,force_size=on"}) {
    convert(options);
    expect_reads_as_qemu(container_, "vpc", "disk.vhd");
    EXPECT_EQ(damage(), "");
    EXPECT_EQ(check_image(container_, "disk.vhd"), "") << options;
  }
}

/// As Virtual PC made them before 2004.
TEST_F(VhdTest, MayHaveAFooterOf511Bytes) {
  const std::vector<std::byte> bytes = random_bytes(kMiB, 7);
  write(*make_memory_blob(bytes), {.subformat = Subformat::Fixed});
  std::filesystem::resize_file(path("disk.vhd"), kMiB + 511);
  expect_same(*make_memory_blob(bytes), *open_image(container_, "disk.vhd"));
}

TEST_F(QemuVhd, HasTheSizeThatItsCreatorGoesBy) {
  using namespace std::string_view_literals;
  for (const bool fixed : {false, true}) {
    convert(fixed ? "subformat=fixed,force_size=on" : "subformat=dynamic,force_size=on");
    Footer footer = end_footer("disk.vhd");
    footer.geometry = geometry_of(20 * kMiB / kSectorSize);
    for (const std::string_view creator : {"qem2"sv, "win "sv, "d2v "sv, "tap\0"sv, "CTXS"sv, "vpc "sv, "qemu"sv}) {
      std::ranges::copy(creator, footer.creator_application.begin());
      put_footers("disk.vhd", footer, !fixed);
      expect_reads_as_qemu(container_, "vpc", "disk.vhd");
    }
    EXPECT_LT(open_image(container_, "disk.vhd")->size(), 20 * kMiB);  // the geometry's
    // Newer versions of QEMU than some know these.
    for (const std::string_view creator : {"vs  "sv, "wa\0\0"sv}) {
      std::ranges::copy(creator, footer.creator_application.begin());
      put_footers("disk.vhd", footer, !fixed);
      EXPECT_EQ(open_image(container_, "disk.vhd")->size(), 20 * kMiB);
    }
  }
}

TEST_F(QemuVhd, SectorBitmapsSayNothing) {
  convert("subformat=dynamic,force_size=on");
  patch("disk.vhd", table_entry("disk.vhd", 0) * kSectorSize, std::vector<std::byte>(512));
  expect_reads_as_qemu(container_, "vpc", "disk.vhd");
}

/// A dynamic disk of six blocks, of which 0, 2 and 3 are stored.
class DamagedVhd : public VhdTest {
 protected:
  void SetUp() override {
    disk_ = sparse_disk(11 * kMiB, {{0, random_bytes(100, 1)}, {5 * kMiB, random_bytes(2 * kMiB, 2)}});
    write(*disk_);
    footer_ = end_footer("disk.vhd");
    header_ = get<DynamicHeader>("disk.vhd", sizeof(Footer));
    footer_at_ = std::filesystem::file_size(path("disk.vhd")) - sizeof(Footer);
  }

  void expect_refused(ErrorCode code, const std::string& message) {
    const auto error = open_error(container_, "disk.vhd");
    EXPECT_EQ(error.first, code) << error.second;
    EXPECT_THAT(error.second, HasSubstr(message));
  }
  /// open() and check() both report it, and the disk is read.
  void expect_read_around(const std::string& message) {
    expect_same(*open_image(container_, "disk.vhd"), *disk_);
    EXPECT_THAT(damage(), HasSubstr(message));
    EXPECT_THAT(check_image(container_, "disk.vhd"), HasSubstr(message));
  }
  void expect_found(const std::string& message) {
    EXPECT_THAT(check_image(container_, "disk.vhd"), HasSubstr(message));
  }

  BlobPtr disk_;
  Footer footer_{};
  DynamicHeader header_{};
  std::uint64_t footer_at_ = 0;
};

TEST_F(DamagedVhd, TheFooterAtTheEndIsMissing) {
  std::filesystem::resize_file(path("disk.vhd"), footer_at_);
  expect_read_around("the footer at the end of the file is missing: it may be cut off");
}

TEST_F(DamagedVhd, TheFooterAtTheEndHasAWrongChecksum) {
  footer_.time_stamp = 7;
  put("disk.vhd", footer_at_, footer_);
  expect_read_around("the checksum of the footer at the end of the file is wrong");
}

TEST_F(DamagedVhd, TheCopyOfTheFooterDiffers) {
  footer_.time_stamp = 7;
  footer_.checksum = checksum_of(footer_);
  put("disk.vhd", footer_at_, footer_);
  expect_read_around("the footer at the end of the file differs from its copy at the start");
}

TEST_F(DamagedVhd, TheCopyOfTheFooterIsLost) {
  patch("disk.vhd", 0, std::vector<std::byte>(512));
  EXPECT_TRUE(container_.probe(*open_file_blob(path("disk.vhd"))));
  expect_read_around("the copy of the footer at the start of the file is damaged");
}

TEST_F(DamagedVhd, BothFootersAreDamaged) {
  footer_.checksum = 1;
  put("disk.vhd", 0, footer_);
  put("disk.vhd", footer_at_, footer_);
  expect_refused(ErrorCode::Corrupt, "there is no copy to go by");
}

TEST_F(DamagedVhd, ThereIsNoFooter) {
  patch("disk.vhd", 0, std::vector<std::byte>(512));
  patch("disk.vhd", footer_at_, std::vector<std::byte>(512));
  expect_refused(ErrorCode::Corrupt, "the file neither begins nor ends with the footer of a VHD");
  std::filesystem::resize_file(path("disk.vhd"), 100);
  expect_refused(ErrorCode::Corrupt, "too short");
}

TEST_F(DamagedVhd, TheFooterSaysWhatCantBe) {
  Footer footer = footer_;
  footer.disk_type = 4;
  put_footers("disk.vhd", footer, true);
  expect_refused(ErrorCode::Unsupported, "differencing disk");
  footer.disk_type = 5;
  put_footers("disk.vhd", footer, true);
  expect_refused(ErrorCode::Unsupported, "of a type that is not known (5)");
  footer.disk_type = 2;
  put_footers("disk.vhd", footer, true);
  expect_refused(ErrorCode::Corrupt, "before the footer");  // what lies there is a fixed disk, and too short
  put("disk.vhd", footer_at_, std::array<std::byte, 512>{});
  expect_refused(ErrorCode::Corrupt, "belongs at its end");
  footer = footer_;
  footer.file_format_version = 0x00020000;
  put_footers("disk.vhd", footer, true);
  expect_refused(ErrorCode::Unsupported, "it is VHD of version 2");
  footer = footer_;
  footer.current_size = ~std::uint64_t{0};
  put_footers("disk.vhd", footer, true);
  expect_refused(ErrorCode::Unsupported, "and the largest that can be read have");
  footer = footer_;
  for (const std::uint64_t offset : {footer_at_, ~std::uint64_t{0}, footer_at_ - 100}) {
    footer.data_offset = offset;
    put_footers("disk.vhd", footer, true);
    EXPECT_EQ(open_error(container_, "disk.vhd").first, ErrorCode::Corrupt) << offset;
  }
}

TEST_F(DamagedVhd, TheFixedDiskIsCutOff) {
  write(*make_memory_blob(random_bytes(kMiB, 1)), {.subformat = Subformat::Fixed});
  Footer footer = end_footer("disk.vhd");
  footer.current_size = kMiB + 512;
  put_footers("disk.vhd", footer, false);
  expect_refused(ErrorCode::Corrupt, "the disk has 1049088 bytes, and the file has 1048576 before the footer");
}

TEST_F(DamagedVhd, TheHeaderHasAWrongChecksum) {
  header_.parent_time_stamp = 1;
  put("disk.vhd", sizeof(Footer), header_);
  expect_read_around("the checksum of the dynamic disk header is wrong");
}

TEST_F(DamagedVhd, TheHeaderSaysWhatCantBe) {
  const auto refused_with = [&](auto change, ErrorCode code, const std::string& message) {
    DynamicHeader header = header_;
    change(header);
    put_header("disk.vhd", header);
    expect_refused(code, message);
  };
  refused_with([](DynamicHeader& h) { h.cookie[0] = 'X'; }, ErrorCode::Corrupt, "there is no dynamic disk header");
  for (const std::uint32_t size : {0U, 256U, 3'000'000U}) {
    refused_with([&](DynamicHeader& h) { h.block_size = size; }, ErrorCode::Corrupt,
                 "the header says that a block has");
  }
  refused_with([](DynamicHeader& h) { h.max_table_entries = 5; }, ErrorCode::Corrupt, "has 5 entries");
  refused_with([](DynamicHeader& h) { h.block_size = 4096; }, ErrorCode::Corrupt, "has 6 entries");
  refused_with([](DynamicHeader& h) { h.max_table_entries = 0xffffffff; }, ErrorCode::Unsupported, "can't be read");
  refused_with([](DynamicHeader& h) { h.max_table_entries = 16 << 20; }, ErrorCode::Corrupt, "is not in the file");
  refused_with([](DynamicHeader& h) { h.table_offset = ~std::uint64_t{0} - 8; }, ErrorCode::Corrupt,
               "is not in the file");
}

TEST_F(DamagedVhd, ABlockReachesBeyondTheFile) {
  set_table_entry("disk.vhd", 2, static_cast<std::uint32_t>(footer_at_ / kSectorSize));
  expect_found("block 2, at sector " + std::to_string(footer_at_ / kSectorSize) + " of the file, reaches beyond");
  const BlobPtr disk = open_image(container_, "disk.vhd");
  std::vector<std::byte> bytes(512);
  disk->read(0, bytes);
  const auto error = error_of([&] { disk->read(4 * kMiB, bytes); });
  EXPECT_EQ(error.first, ErrorCode::Corrupt);
  EXPECT_THAT(error.second, HasSubstr("disk.vhd: block 2 of the disk"));
  set_table_entry("disk.vhd", 2, 0xfffffffe);
  expect_found("block 2, at sector 4294967294 of the file, reaches beyond");
}

TEST_F(DamagedVhd, ABlockOverlaps) {
  const std::uint32_t sector = table_entry("disk.vhd", 2);
  set_table_entry("disk.vhd", 2, 1);
  expect_found("block 2, at sector 1 of the file, overlaps the dynamic disk header\n");
  expect_found("block 2, at sector 1 of the file, overlaps the block allocation table\n");
  set_table_entry("disk.vhd", 2, 0);
  expect_found("block 2, at sector 0 of the file, overlaps the copy of the footer\n");
  set_table_entry("disk.vhd", 2, sector + 100);
  expect_found("overlaps block 2\n");
  set_table_entry("disk.vhd", 2, table_entry("disk.vhd", 0));
  expect_found("block 2, at sector 7 of the file, overlaps block 0\n");
  set_table_entry("disk.vhd", 2, table_entry("disk.vhd", 3) + 1);
  expect_found("block 2, at sector");
  set_table_entry("disk.vhd", 2, sector);
  EXPECT_EQ(check_image(container_, "disk.vhd"), "");
}

TEST_F(DamagedVhd, TheTableOverlaps) {
  DynamicHeader header = header_;
  header.table_offset = 1024;
  put_header("disk.vhd", header);
  expect_found("the block allocation table overlaps the dynamic disk header");
  header.table_offset = footer_at_;
  put_header("disk.vhd", header);
  expect_found("the block allocation table overlaps the footer at the end of the file");
}

TEST(VhdPluginTest, RegistersVhdForItsExtensions) {
  Registry registry;
  fstool_plugin.register_formats(registry);
  const Format<Container>& format = registry.get<Container>("vhd");
  EXPECT_EQ(format.info.extensions, (std::vector<std::string>{"vhd", "vpc"}));
  EXPECT_NE(format.create(parse_option_text("subformat=fixed,block_size=512KiB,size_multiple=1MiB")), nullptr);
  EXPECT_THROW(format.create(parse_option_text("subformat=thick")), Error);
  EXPECT_THROW(format.create(parse_option_text("block_size=1MiB")), Error);
}

}  // namespace
}  // namespace fstool::vhd
