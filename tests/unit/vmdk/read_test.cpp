#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec_fixture.h"
#include "ondisk/descriptor.h"
#include "vmdk_fixture.h"

namespace fstool::vmdk::test {
namespace {

using fstool::test::expect_same;
using fstool::test::random_bytes;
using fstool::test::sparse_disk;
using fstool::test::text_bytes;
using testing::ElementsAre;
using testing::HasSubstr;

class VmdkReader : public VmdkTest {
 protected:
  /// `disk.raw`, of 5 GiB with some data, so that disks of several files have three.
  void make_raw() {
    const BlobPtr disk = sparse_disk(5 * kGiB, {{0, mixed_bytes(3 * kMiB, 64 * kKiB)},
                                                {2 * kGiB - kMiB, random_bytes(2 * kMiB, 1)},
                                                {5 * kGiB - 1000, random_bytes(1000, 2)}});
    fstool::test::write_blob(*disk, path("disk.raw"));
  }

  /// What `qemu-img convert` makes of disk.raw.
  void convert(const std::string& options, const std::string& name = "disk.vmdk") const {
    output_of("qemu-img convert -f raw -O vmdk -o " + options + " disk.raw " + name);
  }

  void expect_refused(const std::string& name, ErrorCode expected, const std::string& words) {
    SCOPED_TRACE(name);
    const auto [code, text] = open_error(container_, name);
    EXPECT_EQ(code, expected);
    EXPECT_THAT(text, HasSubstr(words));
  }

  static std::string descriptor(const std::string& extents, const std::string& create_type = "monolithicFlat",
                                const std::string& more = "") {
    return "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"" + create_type + "\"\n" +
           more + "\n# Extent description\n" + extents + "\n";
  }
};

class EverySubformatOfQemu : public VmdkReader, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Qemu, EverySubformatOfQemu,
                         testing::Values("monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse",
                                         "twoGbMaxExtentFlat", "streamOptimized"),
                         [](const testing::TestParamInfo<const char*>& name) { return std::string(name.param); });

TEST_P(EverySubformatOfQemu, HoldsTheDisk) {
  make_raw();
  convert(std::string("subformat=") + GetParam());
  expect_same(*open_image(container_, "disk.vmdk"), *open_file_blob(path("disk.raw")));
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
  const ContainerFacts facts = container_.inspect(file("disk.vmdk"), new_context());
  EXPECT_EQ(facts.disk_size, 5 * kGiB);
  ASSERT_FALSE(facts.features.empty());
  EXPECT_EQ(facts.features[0], GetParam());
  EXPECT_TRUE(container_.probe(*open_file_blob(path("disk.vmdk"))));
}

TEST_F(VmdkReader, ZeroedGrainsAreZerosAndHoles) {
  output_of("qemu-img create -q -f vmdk -o zeroed_grain=on disk.vmdk 10M");
  output_of("qemu-io -f vmdk -c 'write -P 7 0 3M' -c 'write -z 1M 1M' disk.vmdk");
  EXPECT_EQ(grain_sector("disk.vmdk", 16), kZeroedGrain);
  expect_reads_as_qemu(container_, "vmdk", "disk.vmdk");
  const BlobPtr disk = open_image(container_, "disk.vmdk");
  EXPECT_TRUE(disk->run_at(kMiB).hole);
  EXPECT_EQ(disk->run_at(kMiB).length, kMiB);
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
}

TEST_F(VmdkReader, GrainsInAnyOrder) {
  output_of("qemu-img create -q -f vmdk disk.vmdk 200M");
  output_of(
      "qemu-io -f vmdk -c 'write -P 1 150M 1M' -c 'write -P 2 3M 100k' -c 'write -P 3 2M 1M' -c 'write -P 4 199M 1M' "
      "disk.vmdk");
  expect_reads_as_qemu(container_, "vmdk", "disk.vmdk");
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
}

TEST_F(VmdkReader, FactsAreTheFormatsOwnWords) {
  write_example(Subformat::StreamOptimized);
  const ContainerFacts stream = container_.inspect(file("disk.vmdk"), new_context());
  EXPECT_THAT(stream.features, ElementsAre("streamOptimized", "ide", "compressed grains"));
  EXPECT_EQ(stream.unit_size, 64 * kKiB);
  write_example(Subformat::MonolithicSparse);
  const ContainerFacts sparse = container_.inspect(file("disk.vmdk"), new_context());
  EXPECT_THAT(sparse.features, ElementsAre("monolithicSparse", "ide", "redundant grain tables"));
  EXPECT_EQ(sparse.disk_size, 100 * kMiB);
  EXPECT_EQ(sparse.data_file, "");
  write_text("flat.vmdk", descriptor("RW 8 FLAT \"a.raw\" 0\nRW 8 FLAT \"a.raw\" 8\nRW 8 FLAT \"b.raw\" 0\n"));
  EXPECT_EQ(container_.inspect(file("flat.vmdk"), new_context()).data_file, "a.raw and 1 more");
}

TEST_F(VmdkReader, FlatExtentsAreSlicesOfFiles) {
  const auto bytes = random_bytes(10 * kMiB, 1);
  fstool::test::write_blob(*make_memory_blob(bytes), path("data.raw"));
  write_text("disk.vmdk", descriptor("RW 2048 FLAT \"data.raw\" 4096\nRW 100 ZERO\nRDONLY 1 FLAT \"data.raw\" 1\n"
                                     "RW 8 VMFS \"data.raw\"\n",
                                     "custom"));
  BlobBuilder expected;
  const BlobPtr data = make_memory_blob(bytes);
  expected.add(0, data, 4096 * 512, 2048 * 512);
  expected.add((2048 + 100) * 512, data, 512, 512);
  expected.add((2048 + 101) * 512, data, 0, 8 * 512);
  const BlobPtr disk = open_image(container_, "disk.vmdk");
  expect_same(*disk, *expected.finish((2048 + 100 + 1 + 8) * 512));
  EXPECT_TRUE(disk->run_at(2048 * 512).hole);
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
}

TEST_F(VmdkReader, ADescriptorOfEsxIsReadWithItsFlatFile) {
  const auto bytes = text_bytes(kMiB, 1);
  fstool::test::write_blob(*make_memory_blob(bytes), path("vm-flat.vmdk"));
  write_text("vm.vmdk", descriptor("RW 2048 VMFS \"vm-flat.vmdk\"\n", "vmfs", "encoding=\"UTF-8\"\n"));
  expect_same(*open_image(container_, "vm.vmdk"), *make_memory_blob(bytes));
}

TEST_F(VmdkReader, ExtentsAreOpenedForADescriptorThatIsAFileAlone) {
  fstool::test::write_blob(*make_hole_blob(kMiB), path("data.raw"));
  write_text("disk.vmdk", descriptor("RW 2048 FLAT \"data.raw\" 0\n"));
  const auto [code, text] = error_of([&] { container_.open({open_file_blob(path("disk.vmdk"))}, "", new_context()); });
  EXPECT_EQ(code, ErrorCode::Unsupported);
  EXPECT_THAT(text, HasSubstr("data.raw"));
}

TEST_F(VmdkReader, ExtentsThatCanNotBeUsedAreNamed) {
  write_text("absent.vmdk", descriptor("RW 2048 FLAT \"nowhere.raw\" 0\n"));
  expect_refused("absent.vmdk", ErrorCode::NotFound, "extent nowhere.raw: it does not exist");
  write_text("device.vmdk", descriptor("RW 2048 FLAT \"/dev/zero\" 0\n"));
  expect_refused("device.vmdk", ErrorCode::Unsupported, "extent /dev/zero: it is not a regular file");
  write_text("directory.vmdk", descriptor("RW 2048 FLAT \".\" 0\n"));
  expect_refused("directory.vmdk", ErrorCode::Unsupported, "not a regular file");

  fstool::test::write_blob(*make_hole_blob(kMiB), path("data.raw"));
  write_text("short.vmdk", descriptor("RW 2049 FLAT \"data.raw\" 0\n"));
  expect_refused("short.vmdk", ErrorCode::Corrupt, "cut off");
  EXPECT_THAT(check_image(container_, "short.vmdk"), HasSubstr("extent data.raw: "));
  write_text("behind.vmdk", descriptor("RW 1 FLAT \"data.raw\" 18014398509481984\n"));
  expect_refused("behind.vmdk", ErrorCode::Corrupt, "cut off");
  write_text("no-sparse.vmdk", descriptor("RW 2048 SPARSE \"data.raw\"\n", "twoGbMaxExtentSparse"));
  expect_refused("no-sparse.vmdk", ErrorCode::Corrupt, "extent data.raw");

  write_example(Subformat::MonolithicSparse, "small.vmdk");
  write_text("larger.vmdk", descriptor("RW 204801 SPARSE \"small.vmdk\"\n", "twoGbMaxExtentSparse"));
  expect_refused("larger.vmdk", ErrorCode::Corrupt, "204800 sectors");
}

TEST_F(VmdkReader, WhatIsNotReadIsRefusedByName) {
  make_raw();
  convert("subformat=monolithicSparse", "base.vmdk");
  output_of("qemu-img create -q -f vmdk -b base.vmdk -F vmdk child.vmdk");
  expect_refused("child.vmdk", ErrorCode::Unsupported, "parent base.vmdk");

  write_text("cowd.vmdk", "COWD" + std::string(2048, '\0'));
  EXPECT_TRUE(container_.probe(*open_file_blob(path("cowd.vmdk"))));
  expect_refused("cowd.vmdk", ErrorCode::Unsupported, "vmfsSparse");
  write_text("sesparse.vmdk", std::string("\xbe\xba\xfe\xca\0\0\0\0", 8) + std::string(2048, '\0'));
  expect_refused("sesparse.vmdk", ErrorCode::Unsupported, "seSparse");
  write_text("esx.vmdk", descriptor("RW 2048 SESPARSE \"x-sesparse.vmdk\"\n", "seSparse"));
  expect_refused("esx.vmdk", ErrorCode::Unsupported, "seSparse");
  write_text("esx.vmdk", descriptor("RW 2048 VMFSSPARSE \"x-delta.vmdk\"\n", "vmfsSparse"));
  expect_refused("esx.vmdk", ErrorCode::Unsupported, "vmfsSparse");
  write_text("rdm.vmdk", descriptor("RW 2048 VMFSRDM \"x-rdm.vmdk\"\n", "vmfsRawDeviceMap"));
  expect_refused("rdm.vmdk", ErrorCode::Unsupported, "VMFSRDM");
  write_text("noaccess.vmdk", descriptor("NOACCESS 2048 FLAT \"base.vmdk\" 0\n"));
  expect_refused("noaccess.vmdk", ErrorCode::Unsupported, "NOACCESS");
  write_text("keys.vmdk", descriptor("RW 2048 FLAT \"base.vmdk\" 0\n", "custom", "encryption.keySafe=\"x\"\n"));
  expect_refused("keys.vmdk", ErrorCode::Unsupported, "encrypted");
  write_text("none.vmdk", descriptor(""));
  expect_refused("none.vmdk", ErrorCode::Corrupt, "no extents");
}

TEST_F(VmdkReader, ThereAreNoSnapshots) {
  write_example(Subformat::MonolithicSparse);
  const auto [code, text] = error_of([&] { container_.open(file("disk.vmdk"), "before", new_context()); });
  EXPECT_EQ(code, ErrorCode::NotFound) << text;
}

TEST_F(VmdkReader, OtherFilesAreNoVmdk) {
  EXPECT_FALSE(container_.probe(*make_memory_blob({})));
  EXPECT_FALSE(container_.probe(*make_hole_blob(kMiB)));
  EXPECT_FALSE(container_.probe(*make_memory_blob(random_bytes(1000, 1))));
  write_text("text", "# Disk description\n");
  EXPECT_FALSE(container_.probe(*open_file_blob(path("text"))));
}

}  // namespace
}  // namespace fstool::vmdk::test
