// The other files that an image names: what is followed, and what is refused.

#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "ondisk/header_extension.h"
#include "qcow2.h"
#include "qcow2_fixture.h"

namespace fstool::qcow2::test {
namespace {

using fstool::test::text_bytes;

class Qcow2ChainTest : public Qcow2Test {
 protected:
  void expect_refused(const std::string& image, ErrorCode code, const std::string& words) {
    const auto [actual, text] = open_error(image);
    EXPECT_EQ(actual, code) << text;
    EXPECT_NE(text.find(words), std::string::npos) << text;
  }

  /// An image of 1 MiB with that backing file, which need not exist.
  void make_overlay(const std::string& image, const std::string& backing, const std::string& format) {
    qemu_img("create -q -u -f qcow2 -b '" + backing + "'" + (format.empty() ? "" : " -F " + format) + " " + image +
             " 1M");
  }
};

TEST_F(Qcow2ChainTest, NamesAreRelativeToTheImage) {
  std::filesystem::create_directories(path("images"));
  std::filesystem::create_directories(path("bases"));
  fstool::test::write_blob(*make_memory_blob(text_bytes(kMiB, 1)), path("bases/base.raw"));
  make_overlay("images/top.qcow2", "../bases/base.raw", "raw");
  expect_same(*open("images/top.qcow2"), *open_file_blob(path("bases/base.raw")));
  make_overlay("images/absolute.qcow2", path("bases/base.raw").string(), "raw");
  expect_same(*open("images/absolute.qcow2"), *open_file_blob(path("bases/base.raw")));
}

TEST_F(Qcow2ChainTest, ABackingFileMayBeShorterAndLonger) {
  fstool::test::write_blob(*make_memory_blob(text_bytes(700 * kKiB + 512, 1)), path("short.raw"));
  make_overlay("top.qcow2", "short.raw", "raw");
  qemu_io("top.qcow2", {"write -P 1 100k 64k"});
  expect_reads_as_qemu("top.qcow2");
  fstool::test::write_blob(*make_memory_blob(text_bytes(3 * kMiB, 1)), path("long.raw"));
  make_overlay("top.qcow2", "long.raw", "raw");
  expect_reads_as_qemu("top.qcow2");
}

TEST_F(Qcow2ChainTest, AMissingFileIsNamed) {
  make_overlay("top.qcow2", "absent.qcow2", "qcow2");
  expect_refused("top.qcow2", ErrorCode::NotFound,
                 "the backing file " + path("absent.qcow2").string() + " does not exist");
  EXPECT_NE(check("top.qcow2").find("absent.qcow2 does not exist"), std::string::npos);
}

TEST_F(Qcow2ChainTest, ProtocolsAreRefused) {
  for (const std::string name : {"nbd:localhost:10809", "json:{\"driver\":\"null-co\"}", "http://example.org/x.qcow2",
                                 "fat:rw:/etc", "file:base.raw"}) {
    make_overlay("top.qcow2", name, "raw");
    expect_refused("top.qcow2", ErrorCode::Unsupported, name + " is not a file of this host");
  }
}

TEST_F(Qcow2ChainTest, OnlyRegularFilesAreOpened) {
  make_overlay("top.qcow2", "/dev/zero", "raw");
  expect_refused("top.qcow2", ErrorCode::Unsupported, "/dev/zero is not a regular file");
  make_overlay("top.qcow2", ".", "raw");
  expect_refused("top.qcow2", ErrorCode::Unsupported, "is not a regular file");
}

TEST_F(Qcow2ChainTest, AFormatThatIsNotNamedMustBeQcow2) {
  qemu_img("create -q -f raw base.raw 1M");
  qemu_img("create -q -f qcow2 base.qcow2 1M");
  qemu_io("base.qcow2", {"write -P 1 0 1M"});
  // qemu-img insists on a format: it is taken away from what it makes.
  const auto make_without_format = [&](const std::string& backing) {
    make_overlay("top.qcow2", backing, "qcow2");
    constexpr std::uint64_t kFirstExtension = 112;
    const std::uint64_t extension = load_number(path("top.qcow2"), kFirstExtension);
    ASSERT_EQ(extension >> 32U, kBackingFormatExtension);
    store_number(path("top.qcow2"), kFirstExtension, (extension & 0xffffffffU) | 1ULL << 32U);
  };
  make_without_format("base.qcow2");
  expect_same(*open("top.qcow2"), *open("base.qcow2"));
  make_without_format("base.raw");
  expect_refused("top.qcow2", ErrorCode::Unsupported, "doesn't look like qcow2");
}

TEST_F(Qcow2ChainTest, OtherFormatsAreRefusedByName) {
  qemu_img("create -q -f vmdk base.vmdk 1M");
  make_overlay("top.qcow2", "base.vmdk", "vmdk");
  expect_refused("top.qcow2", ErrorCode::Unsupported, "vmdk");
}

TEST_F(Qcow2ChainTest, ARawBackingFileIsNotOpenedAsAnImage) {
  qemu_img("create -q -f qcow2 base.qcow2 1M");
  make_overlay("top.qcow2", "base.qcow2", "raw");
  std::vector<std::byte> bytes(4);
  open("top.qcow2")->read(0, bytes);
  EXPECT_EQ(bytes[0], std::byte{'Q'});
}

TEST_F(Qcow2ChainTest, Loops) {
  make_overlay("other.qcow2", "itself.qcow2", "qcow2");
  std::filesystem::rename(path("other.qcow2"), path("itself.qcow2"));
  expect_refused("itself.qcow2", ErrorCode::Corrupt, "a backing file of itself");
  make_overlay("a.qcow2", "b.qcow2", "qcow2");
  make_overlay("b.qcow2", "./a.qcow2", "qcow2");
  expect_refused("a.qcow2", ErrorCode::Corrupt, "a backing file of itself");
}

TEST_F(Qcow2ChainTest, AChainHas200BackingFilesAtMost) {
  qemu_img("create -q -f qcow2 0 1M");
  qemu_io("0", {"write -P 1 0 1M"});
  make_overlay("template", "./000", "qcow2");
  const std::uint64_t name_offset = load_number(path("template"), 8);
  for (int i = 1; i <= 201; ++i) {
    const std::string image = std::to_string(i);
    std::filesystem::copy_file(path("template"), path(image));
    std::string below = std::to_string(i - 1);
    below.insert(0, 3 - below.size(), '/');
    const std::string name = "./" + below;
    write_bytes(path(image), name_offset, std::as_bytes(std::span(name)));
  }
  expect_same(*open("200"), *open("0"));
  const fstool::Run run = open("200")->run_at(0);
  EXPECT_EQ(run.length, kMiB);
  expect_refused("201", ErrorCode::Unsupported, "more than 200 backing files");
}

TEST_F(Qcow2ChainTest, BytesWithoutAPathNameNoFiles) {
  make_overlay("top.qcow2", "base.raw", "raw");
  std::ofstream(path("base.raw")) << std::string(1024, 'x');
  Context context(codecs(), {.threads = 1});
  try {
    Qcow2Container({}).open({open_file_blob(path("top.qcow2"))}, "", context);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
  }
}

TEST_F(Qcow2ChainTest, AMissingDataFile) {
  qemu_img("create -q -f qcow2 -o data_file=data.raw image.qcow2 1M");
  std::filesystem::remove(path("data.raw"));
  expect_refused("image.qcow2", ErrorCode::NotFound, "the external data file");
}

TEST_F(Qcow2ChainTest, SnapshotsThatDoNotExistAreListed) {
  qemu_img("create -q -f qcow2 image.qcow2 1M");
  EXPECT_NE(open_error("image.qcow2", "x").second.find("there are none"), std::string::npos);
  qemu_img("snapshot -c same image.qcow2");
  qemu_img("snapshot -c same image.qcow2");
  const auto [missing, list] = open_error("image.qcow2", "x");
  EXPECT_EQ(missing, ErrorCode::NotFound);
  EXPECT_NE(list.find("there are: 1 (\"same\"), 2 (\"same\")"), std::string::npos) << list;
  EXPECT_EQ(open_error("image.qcow2", "same").first, ErrorCode::InvalidArgument);
  EXPECT_EQ(open("image.qcow2", "2")->size(), kMiB);
}

}  // namespace
}  // namespace fstool::qcow2::test
