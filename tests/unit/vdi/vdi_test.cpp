#include "vdi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec_fixture.h"
#include "container_fixture.h"
#include "fstool/plugin.h"
#include "ondisk/header.h"

extern "C" const fstool::PluginDescriptor fstool_plugin;

namespace fstool::vdi {
namespace {

using fstool::test::disks_of_odd_sizes;
using fstool::test::expect_same;
using fstool::test::random_bytes;
using fstool::test::sparse_disk;
using testing::HasSubstr;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kTiB = 1024 * kGiB;

class VdiTest : public fstool::test::ContainerFixture {
 protected:
  void write(const Blob& disk, const VdiOptions& options = {}, const std::string& name = "disk.vdi",
             unsigned threads = 2) {
    VdiContainer container(options);
    write_image(container, disk, name, threads);
  }

  Header header(const std::string& name = "disk.vdi") const { return get<Header>(name, 0); }

  std::uint32_t map_entry(std::uint64_t block) const {
    return get<MapEntry>("disk.vdi", sizeof(Header) + block * sizeof(MapEntry));
  }
  void set_map_entry(std::uint64_t block, std::uint32_t entry) const {
    put("disk.vdi", sizeof(Header) + block * sizeof(MapEntry), MapEntry(entry));
  }

  void expect_qemu_finds_no_fault(const std::string& name) const {
    EXPECT_EQ(output_of("qemu-img check -f vdi " + name), "No errors were found on the image.\n");
  }

  VdiContainer container_{VdiOptions{}};
};

class EveryVdi : public VdiTest, public testing::WithParamInterface<Subformat> {
 protected:
  VdiOptions options() const {
    VdiOptions options;
    options.subformat = GetParam();
    return options;
  }

  WriteDisk writer() {
    return
        [this](const Blob& disk, const std::string& name, unsigned threads) { write(disk, options(), name, threads); };
  }

  void expect_good(const BlobPtr& disk) {
    write(*disk, options());
    const std::uint64_t size = round_up(disk->size(), kSectorSize);
    expect_qemu_finds_no_fault("disk.vdi");
    expect_qemu_reads("vdi", "disk.vdi", *disk, size);
    EXPECT_EQ(check_image(container_, "disk.vdi"), "");
    EXPECT_TRUE(container_.probe(*open_file_blob(path("disk.vdi"))));
    BlobBuilder padded;
    padded.add(0, disk);
    expect_same(*open_image(container_, "disk.vdi"), *padded.finish(size));
  }
};

INSTANTIATE_TEST_SUITE_P(Vdi, EveryVdi, testing::Values(Subformat::Dynamic, Subformat::Static),
                         [](const testing::TestParamInfo<Subformat>& subformat) {
                           return subformat.param == Subformat::Static ? "static" : "dynamic";
                         });

TEST_P(EveryVdi, EmptyDisk) { expect_good(make_hole_blob(0)); }

TEST_P(EveryVdi, DisksOfOddSizes) {
  for (const BlobPtr& disk : disks_of_odd_sizes()) expect_good(disk);
}

TEST_P(EveryVdi, ALargeSparseDisk) {
  expect_good(sparse_disk(
      300 * kGiB + 512,
      {{0, random_bytes(3000, 4)}, {3 * kGiB + 12345, random_bytes(3 * kMiB, 5)}, {300 * kGiB, random_bytes(512, 6)}}));
}

TEST_P(EveryVdi, ZerosTakeNoRoomWhetherTheyAreHolesOrData) {
  expect_zeros_are_holes(writer());
  EXPECT_LE(allocated_bytes("whole"), 2 * kMiB + 128 * kKiB);
}

TEST_P(EveryVdi, TheImageDoesNotDependOnTheNumberOfThreads) {
  const auto disk = sparse_disk(40 * kMiB, {{100, random_bytes(9 * kMiB, 8)}, {20 * kMiB, random_bytes(5 * kMiB, 9)}});
  expect_threads_do_not_matter(*disk, writer());
}

TEST_P(EveryVdi, TheHeaderIsVirtualBoxs) {
  write(*sparse_disk(5 * kMiB + 512, {{3 * kMiB, random_bytes(kMiB, 10)}}), options());
  const bool is_static = GetParam() == Subformat::Static;
  const Header header = this->header();
  EXPECT_EQ(header.signature, 0xbeda107fU);
  EXPECT_EQ(header.version, 0x00010001U);
  EXPECT_EQ(header.header_size, 400U);
  EXPECT_EQ(header.image_type, is_static ? 2U : 1U);
  EXPECT_EQ(header.image_flags, 0U);
  EXPECT_EQ(header.blocks_offset, 512U);
  EXPECT_EQ(header.data_offset, kMiB);
  EXPECT_EQ(header.disk_size, 5 * kMiB + 512);
  EXPECT_EQ(header.block_size, kMiB);
  EXPECT_EQ(header.block_extra_size, 0U);
  EXPECT_EQ(header.blocks, 6U);
  EXPECT_EQ(header.blocks_allocated, is_static ? 6U : 1U);
  EXPECT_FALSE(header.image_uuid.is_nil());
  EXPECT_FALSE(header.last_modification_uuid.is_nil());
  EXPECT_TRUE(header.linkage_uuid.is_nil());
  EXPECT_TRUE(header.parent_modification_uuid.is_nil());
  for (std::uint32_t block = 0; block < 6; ++block) {
    EXPECT_EQ(map_entry(block), is_static ? block : block == 3 ? 0U : kFreeEntry) << block;
  }
  EXPECT_EQ(std::filesystem::file_size(path("disk.vdi")), is_static ? 7 * kMiB : 2 * kMiB);
}

TEST_P(EveryVdi, TheUuidIsThatOfTheContentOrOfTheOption) {
  write(*make_memory_blob(random_bytes(5 * kMiB, 11)), options(), "a.vdi");
  write(*make_memory_blob(random_bytes(5 * kMiB, 12)), options(), "b.vdi");
  EXPECT_NE(header("a.vdi").image_uuid.bytes, header("b.vdi").image_uuid.bytes);
  EXPECT_NE(header("a.vdi").last_modification_uuid.bytes, header("b.vdi").last_modification_uuid.bytes);
  EXPECT_NE(header("a.vdi").image_uuid.bytes, header("a.vdi").last_modification_uuid.bytes);

  VdiOptions with_uuid = options();
  with_uuid.uuid = Uuid::parse("33221100-5544-7766-8899-aabbccddeeff");
  write(*make_hole_blob(kMiB), with_uuid);
  EXPECT_EQ(header().image_uuid.bytes, Uuid::parse("00112233-4455-6677-8899-aabbccddeeff")->bytes);
}

TEST_P(EveryVdi, RandomDamageIsAnErrorAtWorst) {
  write(*sparse_disk(9 * kMiB, {{0, random_bytes(10'000, 13)}, {5 * kMiB, random_bytes(10'000, 14)}}), options());
  fstool::test::expect_survives_damage(container_, file_bytes("disk.vdi"), 560, 60);
}

TEST_F(VdiTest, WhatCantBeWrittenIsRefused) {
  OutputFile output(path("disk.vdi"));
  const auto too_large =
      error_of([&] { container_.write(*make_hole_blob(512 * kTiB), output, nullptr, new_context()); });
  EXPECT_EQ(too_large.first, ErrorCode::InvalidArgument);
  EXPECT_THAT(too_large.second, HasSubstr("a disk of 512 TiB is too large for vdi"));
  class NamedCodec : public Codec {
   public:
    std::string name() const override { return "squeeze"; }
    std::unique_ptr<Compressor> compressor() const override { return nullptr; }
    std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
  };
  const NamedCodec codec;
  const auto compressed = error_of([&] { container_.write(*make_hole_blob(512), output, &codec, new_context()); });
  EXPECT_EQ(compressed.first, ErrorCode::InvalidArgument);
  EXPECT_THAT(compressed.second, HasSubstr("vdi images can't be compressed"));
}

TEST_F(VdiTest, OtherFilesAreNotRecognized) {
  EXPECT_FALSE(container_.probe(*make_hole_blob(0)));
  EXPECT_FALSE(container_.probe(*make_hole_blob(511)));
  EXPECT_FALSE(container_.probe(*make_memory_blob(random_bytes(kMiB, 1))));
}

TEST_F(VdiTest, SnapshotsThereAreNone) {
  write(*make_hole_blob(512));
  const auto error = error_of([&] { container_.open(file("disk.vdi"), "before", new_context()); });
  EXPECT_EQ(error.first, ErrorCode::NotFound);
}

TEST_F(VdiTest, FactsAreTold) {
  write(*make_hole_blob(5 * kMiB));
  const ContainerFacts facts = container_.inspect(file("disk.vdi"), new_context());
  EXPECT_EQ(facts.disk_size, 5 * kMiB);
  EXPECT_EQ(facts.unit_size, kMiB);
  EXPECT_THAT(facts.features, testing::ElementsAre("dynamic"));
  write(*make_hole_blob(5 * kMiB), {.subformat = Subformat::Static});
  EXPECT_THAT(container_.inspect(file("disk.vdi"), new_context()).features, testing::ElementsAre("static"));
}

TEST_F(VdiTest, QemusImagesAreRead) {
  fstool::test::write_blob(*sparse_disk(20 * kMiB + 512, {{0, random_bytes(3000, 1)},
                                                          {5 * kMiB, random_bytes(3 * kMiB, 2)},
                                                          {20 * kMiB, random_bytes(512, 3)}}),
                           path("disk.raw"));
  for (const char* const options : {"static=off", "static=on"}) {
    output_of("qemu-img convert -f raw -O vdi -o " + std::string(options) + " disk.raw disk.vdi");
    expect_reads_as_qemu(container_, "vdi", "disk.vdi");
    EXPECT_EQ(damage(), "");
    EXPECT_EQ(check_image(container_, "disk.vdi"), "") << options;
  }
}

/// A dynamic image of six blocks, of which 0, 3 and 5 are stored.
class OddVdi : public VdiTest {
 protected:
  void SetUp() override {
    disk_ =
        sparse_disk(5 * kMiB + 1024,
                    {{0, random_bytes(100, 1)}, {3 * kMiB, random_bytes(kMiB, 2)}, {5 * kMiB, random_bytes(1024, 3)}});
    write(*disk_);
  }

  template <class Change>
  void change_header(Change&& change) const {
    Header header = this->header();
    change(header);
    put("disk.vdi", 0, header);
  }
  template <class Change>
  void expect_refused(Change&& change, ErrorCode code, const std::string& message) {
    const Header before = header();
    change_header(change);
    const auto error = open_error(container_, "disk.vdi");
    EXPECT_EQ(error.first, code) << error.second;
    EXPECT_THAT(error.second, HasSubstr(message));
    put("disk.vdi", 0, before);
  }
  void expect_found(const std::string& message) {
    EXPECT_THAT(check_image(container_, "disk.vdi"), HasSubstr(message));
  }

  BlobPtr disk_;
};

TEST_F(OddVdi, ADiskThatEndsAmidASectorIsRoundedUpAsWithQemu) {
  change_header([](Header& header) { header.disk_size = 5 * kMiB + 700; });
  expect_reads_as_qemu(container_, "vdi", "disk.vdi");
  EXPECT_EQ(open_image(container_, "disk.vdi")->size(), 5 * kMiB + 1024);
}

TEST_F(OddVdi, DiscardedBlocksAreZeros) {
  set_map_entry(3, kDiscardedEntry);
  expect_reads_as_qemu(container_, "vdi", "disk.vdi");
  expect_found("the header says that 3 blocks are allocated, and 2 are\n");
  change_header([](Header& header) { header.blocks_allocated = 2; });
  EXPECT_EQ(check_image(container_, "disk.vdi"), "");
}

TEST_F(OddVdi, BlocksMayLieInAnyOrder) {
  set_map_entry(0, 1);
  set_map_entry(3, 0);
  expect_reads_as_qemu(container_, "vdi", "disk.vdi");
  EXPECT_EQ(check_image(container_, "disk.vdi"), "");
}

TEST_F(OddVdi, BlocksMayHaveAnotherSize) {
  // The first MiB of data, in blocks of 256 KiB, backwards.
  const auto bytes = random_bytes(kMiB, 4);
  patch("disk.vdi", kMiB, bytes);
  change_header([](Header& header) {
    header.block_size = 256 * kKiB;
    header.blocks = 4;
    header.blocks_allocated = 4;
    header.disk_size = kMiB;
  });
  BlobBuilder expected;
  const BlobPtr data = make_memory_blob(bytes);
  for (std::uint32_t block = 0; block < 4; ++block) {
    set_map_entry(block, 3 - block);
    expected.add(block * 256 * kKiB, data, (3 - block) * 256 * kKiB, 256 * kKiB);
  }
  expect_same(*open_image(container_, "disk.vdi"), *expected.finish(kMiB));
  EXPECT_EQ(check_image(container_, "disk.vdi"), "");
}

TEST_F(OddVdi, TheHeaderSaysWhatCantBe) {
  expect_refused([](Header& h) { h.signature = 1; }, ErrorCode::Corrupt, "doesn't begin like a VDI image");
  expect_refused([](Header& h) { h.version = 1; }, ErrorCode::Unsupported, "it is VDI of version 0.1");
  expect_refused([](Header& h) { h.image_type = 4; }, ErrorCode::Unsupported, "differencing image");
  expect_refused([](Header& h) { h.linkage_uuid.bytes[3] = std::byte{1}; }, ErrorCode::Unsupported, "differencing");
  expect_refused([](Header& h) { h.parent_modification_uuid.bytes[3] = std::byte{1}; }, ErrorCode::Unsupported,
                 "differencing");
  expect_refused([](Header& h) { h.image_type = 3; }, ErrorCode::Unsupported, "undo image");
  expect_refused([](Header& h) { h.image_type = 9; }, ErrorCode::Unsupported, "a type that is not known (9)");
  for (const std::uint32_t size : {0U, 256U, 3'000'000U}) {
    expect_refused([&](Header& h) { h.block_size = size; }, ErrorCode::Corrupt, "the header says that a block has");
  }
  expect_refused([](Header& h) { h.block_extra_size = 512; }, ErrorCode::Unsupported, "512 more bytes");
  expect_refused([](Header& h) { h.blocks = 0x20000000; }, ErrorCode::Unsupported, "the disk has 536870912 blocks");
  expect_refused([](Header& h) { h.blocks = 5; }, ErrorCode::Corrupt, "its 5 blocks have only 5242880");
  expect_refused([](Header& h) { h.disk_size = ~std::uint64_t{0}; }, ErrorCode::Corrupt, "its 6 blocks have only");
  expect_refused([](Header& h) { h.blocks = 0x10000000; }, ErrorCode::Corrupt, "is not in the file");
  expect_refused([](Header& h) { h.blocks_offset = 0xffffff00; }, ErrorCode::Corrupt, "is not in the file");
  std::filesystem::resize_file(path("disk.vdi"), 511);
  EXPECT_EQ(open_error(container_, "disk.vdi").first, ErrorCode::Corrupt);
}

TEST_F(OddVdi, TheStructuresOverlap) {
  change_header([](Header& header) { header.blocks_offset = 256; });
  expect_found("the block map, at byte 256, overlaps the header\n");
  change_header([](Header& header) {
    header.blocks_offset = 512;
    header.data_offset = 512;
  });
  expect_found("the blocks begin at byte 512, before the end of the block map, which is at 536\n");
}

TEST_F(OddVdi, EntriesOfTheMapAreWrong) {
  set_map_entry(3, 6);
  expect_found("block 3 has place 6, and the image has 6 places\n");
  set_map_entry(3, 0);
  expect_found("block 3 has place 0, which another block has\n");
  set_map_entry(3, 4);
  expect_found("block 3, at byte 5242880 of the file, reaches beyond its end\n");
  const BlobPtr disk = open_image(container_, "disk.vdi");
  std::vector<std::byte> bytes(512);
  disk->read(0, bytes);
  const auto error = error_of([&] { disk->read(3 * kMiB, bytes); });
  EXPECT_EQ(error.first, ErrorCode::Corrupt);
  EXPECT_THAT(error.second, HasSubstr("disk.vdi: block 3 of the disk"));
}

TEST_F(OddVdi, OfTheLastBlockOnlyTheDisksBytesNeedBeThere) {
  std::filesystem::resize_file(path("disk.vdi"), 3 * kMiB + 1024);
  EXPECT_EQ(check_image(container_, "disk.vdi"), "");
  expect_same(*open_image(container_, "disk.vdi"), *disk_);
}

TEST(VdiPluginTest, RegistersVdiForItsExtension) {
  Registry registry;
  fstool_plugin.register_formats(registry);
  const Format<Container>& format = registry.get<Container>("vdi");
  EXPECT_EQ(format.info.extensions, (std::vector<std::string>{"vdi"}));
  EXPECT_NE(format.create(parse_option_text("subformat=static")), nullptr);
  EXPECT_THROW(format.create(parse_option_text("subformat=fixed")), Error);
}

}  // namespace
}  // namespace fstool::vdi
