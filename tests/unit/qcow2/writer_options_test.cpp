#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "codec_fixture.h"
#include "fstool/error.h"
#include "fstool/options.h"
#include "fstool/size.h"
#include "qcow2.h"
#include "qcow2_fixture.h"

namespace fstool::qcow2::test {
namespace {

using fstool::test::random_bytes;
using fstool::test::text_bytes;
using fstool::test::write_blob;

/// A disk with text, random bytes, pieces of clusters, and zeros that are data.
BlobPtr lively_disk(std::uint64_t size = 20 * kMiB) {
  return sparse_disk(size, {{0, text_bytes(700 * kKiB, 1)},
                            {kMiB + 512, random_bytes(300 * kKiB, 2)},
                            {3 * kMiB, std::vector<std::byte>(2 * kMiB)},
                            {7 * kMiB + 12345, text_bytes(3000, 3)},
                            {size - 5000, random_bytes(5000, 4)}});
}

class WriterOptions : public Qcow2Test {
 protected:
  /// Writes `disk`, fails unless QEMU takes the image for what it should be, and returns what it says about it.
  nlohmann::json write_good(const Blob& disk, const Settings& settings, const std::string& name = "disk.qcow2") {
    const auto image = write(disk, settings, name);
    expect_clean(image);
    expect_content(image, disk);
    EXPECT_EQ(check(name), "");
    const auto whole = open(name);
    EXPECT_EQ(whole->size(), round_up(disk.size(), kSectorSize));
    const auto data = info(name).at("format-specific").at("data");
    if (data.at("compat") == "1.1") {
      EXPECT_EQ(data.at("corrupt"), false);
    }
    return data;
  }

  nlohmann::json info(const std::string& name) {
    return nlohmann::json::parse(output_of("qemu-img info --output=json -f qcow2 " + path(name).string()));
  }
  nlohmann::json map(const std::string& name) {
    return nlohmann::json::parse(output_of("qemu-img map --output=json -f qcow2 " + path(name).string()));
  }
  std::uint64_t allocated_bytes(const std::string& name) {
    return std::stoull(output_of("stat -c %b " + path(name).string())) * 512;
  }
  /// The code and the text of the Error that writing throws.
  std::pair<ErrorCode, std::string> write_error(const Blob& disk, const Settings& settings) {
    try {
      write(disk, settings);
    } catch (const Error& error) {
      return {error.code(), error.what()};
    }
    ADD_FAILURE() << "no error was thrown";
    return {ErrorCode::Internal, ""};
  }
};

TEST_F(WriterOptions, Version2IsReadByOldPrograms) {
  for (const std::string codec : {"none", "deflate"}) {
    for (const std::uint64_t cluster_size : {std::uint64_t{512}, 64 * kKiB}) {
      const auto data =
          write_good(*lively_disk(), {.cluster_size = cluster_size, .codec = codec, .options = "compat=0.10"});
      EXPECT_EQ(data.at("compat"), "0.10");
    }
  }
}

TEST_F(WriterOptions, Version2HasNeitherZstdNorNewFeatures) {
  EXPECT_EQ(write_error(*lively_disk(), {.codec = "zstd", .options = "compat=0.10"}),
            std::pair(ErrorCode::InvalidArgument,
                      std::string("zstd needs compat = \"1.1\"; choose deflate or leave compat out")));
  for (const std::string option : {"refcount_bits=8", "extended_l2=true", "lazy_refcounts=true", "data_file=data"}) {
    const auto [code, text] = write_error(*lively_disk(), {.options = "compat=0.10," + option});
    EXPECT_EQ(code, ErrorCode::InvalidArgument);
    EXPECT_NE(text.find("compat = \"1.1\""), std::string::npos) << text;
  }
}

TEST_F(WriterOptions, RefcountsOfEveryWidth) {
  for (const unsigned bits : {1U, 2U, 4U, 8U, 16U, 32U, 64U}) {
    for (const std::string codec : {"none", "zstd"}) {
      const auto data =
          write_good(*lively_disk(),
                     {.cluster_size = 4 * kKiB, .codec = codec, .options = "refcount_bits=" + std::to_string(bits)});
      EXPECT_EQ(data.at("refcount-bits"), bits);
    }
  }
}

TEST_F(WriterOptions, ExtendedEntriesSayWhichSubclustersThereAre) {
  for (const std::uint64_t cluster_size : {16 * kKiB, 64 * kKiB, 2 * kMiB}) {
    for (const std::string codec : {"none", "deflate", "zstd"}) {
      const auto data =
          write_good(*lively_disk(), {.cluster_size = cluster_size, .codec = codec, .options = "extended_l2=true"});
      EXPECT_EQ(data.at("extended-l2"), true);
    }
  }
  // One sector of data in a cluster of 2 MiB is one subcluster of 64 KiB.
  write(*sparse_disk(8 * kMiB, {{3 * kMiB, text_bytes(512, 1)}}),
        {.cluster_size = 2 * kMiB, .options = "extended_l2=true"});
  std::uint64_t with_data = 0;
  for (const auto& entry : map("disk.qcow2")) {
    if (entry.at("data").get<bool>()) with_data += entry.at("length").get<std::uint64_t>();
  }
  EXPECT_EQ(with_data, 64 * kKiB);
}

TEST_F(WriterOptions, ExtendedEntriesNeedLargeClusters) {
  const auto [code, text] = write_error(*lively_disk(), {.cluster_size = 8 * kKiB, .options = "extended_l2=true"});
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_EQ(text, "extended_l2 needs a cluster_size of 16KiB or more");
}

TEST_F(WriterOptions, LazyRefcountsAreRightAllTheSame) {
  const auto data = write_good(*lively_disk(), {.codec = "deflate", .options = "lazy_refcounts=true"});
  EXPECT_EQ(data.at("lazy-refcounts"), true);
}

TEST_F(WriterOptions, PreallocationGivesEveryClusterItsPlace) {
  const auto disk = lively_disk();
  for (const std::string extended : {"false", "true"}) {
    for (const std::string kind : {"metadata", "falloc", "full"}) {
      write_good(*disk, {.options = "preallocation=" + kind + ",extended_l2=" + extended});
      for (const auto& entry : map("disk.qcow2")) EXPECT_TRUE(entry.contains("offset")) << entry;
      const std::uint64_t allocated = allocated_bytes("disk.qcow2");
      if (kind == "metadata") {
        EXPECT_LT(allocated, 4 * kMiB);
      } else {
        EXPECT_GE(allocated, disk->size());
      }
    }
  }
  EXPECT_EQ(write_error(*disk, {.codec = "zstd", .options = "preallocation=full"}).first, ErrorCode::InvalidArgument);
}

TEST_F(WriterOptions, EqualClustersAreStoredOnce) {
  const auto text = text_bytes(3 * kMiB, 5);
  const auto noise = random_bytes(3 * kMiB, 6);
  const auto disk = sparse_disk(40 * kMiB, {{0, text},
                                            {4 * kMiB, noise},
                                            {8 * kMiB, text},
                                            {16 * kMiB, noise},
                                            {24 * kMiB, text},
                                            {30 * kMiB, std::vector<std::byte>(kMiB, std::byte{7})},
                                            {36 * kMiB, noise}});
  for (const std::uint64_t cluster_size : {std::uint64_t{512}, 4 * kKiB, 64 * kKiB, 2 * kMiB}) {
    for (const std::string codec : {"none", "deflate", "zstd"}) {
      if (codec == "zstd" && cluster_size != 64 * kKiB) continue;
      Settings settings{.cluster_size = cluster_size, .codec = codec};
      const auto plain_size = std::filesystem::file_size(write(*disk, settings, "plain.qcow2"));
      settings.options = "dedup=true";
      write_good(*disk, settings);
      const auto size = std::filesystem::file_size(path("disk.qcow2"));
      if (cluster_size < 2 * kMiB) {
        EXPECT_LT(size, plain_size / 10 * 6) << cluster_size << codec;
      }
      settings.threads = 1;
      EXPECT_EQ(file_bytes(write(*disk, settings, "one.qcow2")), file_bytes(path("disk.qcow2")));
    }
  }
}

TEST_F(WriterOptions, EqualClustersAreNoMoreThanARefcountCounts) {
  // One cluster 400 times: refcounts of 4 bits count 15 of them. L2 tables of 64 entries are written long before.
  std::vector<std::byte> bytes(400 * 512);
  for (std::size_t i = 0; i < bytes.size(); i += 512) bytes[i] = std::byte{1};
  for (const unsigned bits : {1U, 2U, 4U, 16U}) {
    for (const std::string codec : {"none", "zstd"}) {
      write_good(*make_memory_blob(bytes),
                 {.cluster_size = 512, .codec = codec, .options = "dedup=true,refcount_bits=" + std::to_string(bits)});
    }
  }
}

TEST_F(WriterOptions, AClusterFoundAgainFarBehindIsNoLongerMarkedAsAlone) {
  // Enough L2 tables of small clusters between both that the first is in the file already.
  const auto piece = random_bytes(512, 9);
  std::map<std::uint64_t, std::vector<std::byte>> pieces = {{0, piece}, {96 * kMiB, piece}};
  pieces[kMiB] = random_bytes(80 * kMiB, 10);
  write_good(*sparse_disk(100 * kMiB, pieces), {.cluster_size = 512, .options = "dedup=true"});
}

TEST_F(WriterOptions, QemuCanWriteToAnImageWithSharedClusters) {
  const auto text = text_bytes(kMiB, 5);
  write(*sparse_disk(8 * kMiB, {{0, text}, {2 * kMiB, text}}), {.codec = "none", .options = "dedup=true"});
  qemu_io("disk.qcow2", {"write -P 0x55 0 64k", "write -P 0x66 2M 128k"});
  // A cluster that is no longer shared lacks the mark of that, which costs QEMU a copy and nothing else.
  qemu_img("check -q -r all disk.qcow2");
  expect_clean(path("disk.qcow2"));
  auto expected = std::vector<std::byte>(8 * kMiB);
  std::ranges::copy(text, expected.begin());
  std::ranges::copy(text, expected.begin() + 2 * kMiB);
  std::fill_n(expected.begin(), 64 * kKiB, std::byte{0x55});
  std::fill_n(expected.begin() + 2 * kMiB, 128 * kKiB, std::byte{0x66});
  expect_content(path("disk.qcow2"), *make_memory_blob(expected));
}

class WithBackingFile : public WriterOptions {
 protected:
  /// What the overlay is to be: the base, with changes of every kind.
  static BlobPtr changed_disk(std::uint64_t size) {
    auto bytes = read_all(*lively_disk(), 64 * kMiB);
    bytes.resize(size);
    const auto put = [&](std::uint64_t offset, const std::vector<std::byte>& piece) {
      std::ranges::copy(piece, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    };
    put(100 * kKiB, text_bytes(1000, 20));                      // within data
    put(kMiB + 64 * kKiB, std::vector<std::byte>(128 * kKiB));  // zeros in the place of data
    put(10 * kMiB, random_bytes(kMiB, 21));                     // data in the place of a hole
    return make_memory_blob(std::move(bytes));
  }
};

TEST_F(WithBackingFile, OnlyDifferencesAreStored) {
  for (const std::string format : {"raw", "qcow2"}) {
    const std::string base = "base." + format;
    if (format == "raw") {
      write_blob(*lively_disk(), path(base));
    } else {
      write(*lively_disk(), {.codec = "deflate"}, base);
    }
    for (const std::string codec : {"none", "deflate", "zstd"}) {
      for (const std::string more : {"", ",extended_l2=true", ",compat=0.10", ",dedup=true"}) {
        if (codec == "zstd" && more == ",compat=0.10") continue;
        for (const std::uint64_t size : {20 * kMiB, 24 * kMiB, 16 * kMiB}) {
          write_good(*changed_disk(size), {.codec = codec, .options = "backing_file=" + base + more}, "overlay.qcow2");
          EXPECT_LT(std::filesystem::file_size(path("overlay.qcow2")), 2 * kMiB) << codec << more;
          EXPECT_EQ(info("overlay.qcow2").at("backing-filename-format"), format);
          EXPECT_EQ(inspect("overlay.qcow2").backing_file, base);
        }
      }
    }
  }
}

TEST_F(WithBackingFile, ChainsOfThreeReadBack) {
  write(*lively_disk(), {}, "a.qcow2");
  write(*changed_disk(20 * kMiB), {.options = "backing_file=a.qcow2"}, "b.qcow2");
  write_good(*lively_disk(), {.codec = "zstd", .options = "backing_file=b.qcow2,backing_format=qcow2"}, "c.qcow2");
}

TEST_F(WithBackingFile, WhatIsTheSameTakesNoRoom) {
  write(*lively_disk(), {.codec = "zstd"}, "base.qcow2");
  write(*lively_disk(), {.options = "backing_file=base.qcow2"}, "overlay.qcow2");
  EXPECT_LE(std::filesystem::file_size(path("overlay.qcow2")), 4 * 64 * kKiB);
}

TEST_F(WithBackingFile, AFormatThatIsGivenIsBelieved) {
  write(*lively_disk(), {}, "base.img");
  write(*lively_disk(), {.options = "backing_file=base.img,backing_format=raw"}, "overlay.qcow2");
  EXPECT_EQ(info("overlay.qcow2").at("backing-filename-format"), "raw");
  expect_content(path("overlay.qcow2"), *lively_disk());
  write_blob(*lively_disk(), path("raw.img"));
  EXPECT_EQ(write_error(*lively_disk(), {.options = "backing_file=raw.img,backing_format=qcow2"}).first,
            ErrorCode::Corrupt);
}

TEST_F(WithBackingFile, MistakesAreTold) {
  EXPECT_EQ(write_error(*lively_disk(), {.options = "backing_file=none.img"}).first, ErrorCode::NotFound);
  EXPECT_EQ(write_error(*lively_disk(), {.options = "backing_format=raw"}).second,
            "backing_format is given, and no backing_file");
  write(*lively_disk(), {}, "base.qcow2");
  EXPECT_EQ(write_error(*lively_disk(), {.options = "backing_file=base.qcow2,preallocation=metadata"}).first,
            ErrorCode::InvalidArgument);
  // disk.qcow2 is what is written.
  write(*lively_disk(), {}, "disk.qcow2");
  write(*lively_disk(), {.options = "backing_file=disk.qcow2"}, "middle.qcow2");
  const auto [code, text] = write_error(*lively_disk(), {.options = "backing_file=middle.qcow2"});
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("would replace its own backing file"), std::string::npos) << text;
}

TEST_F(WriterOptions, ADataFileHasThePlainClusters) {
  const auto disk = lively_disk(20 * kMiB + 512);
  for (const std::string raw : {"false", "true"}) {
    for (const std::string more : {"", ",extended_l2=true"}) {
      const auto data = write_good(*disk, {.options = "data_file=data.raw,data_file_raw=" + raw + more});
      EXPECT_EQ(data.at("data-file"), "data.raw");
      EXPECT_EQ(data.at("data-file-raw"), raw == "true");
      expect_same(*open_file_blob(path("data.raw")), *disk);
      EXPECT_LT(std::filesystem::file_size(path("disk.qcow2")), kMiB);
    }
  }
  write_good(*disk, {.options = "data_file=data.raw,preallocation=falloc"});
  EXPECT_GE(allocated_bytes("data.raw"), disk->size());
}

TEST_F(WriterOptions, ADataFileExcludesWhatItCannotHave) {
  for (const std::string more : {",dedup=true", ",compat=0.10"}) {
    EXPECT_EQ(write_error(*lively_disk(), {.options = "data_file=data.raw" + more}).first, ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(write_error(*lively_disk(), {.codec = "zstd", .options = "data_file=data.raw"}).first,
            ErrorCode::InvalidArgument);
  EXPECT_EQ(write_error(*lively_disk(), {.options = "data_file_raw=true"}).first, ErrorCode::InvalidArgument);
  EXPECT_EQ(write_error(*lively_disk(), {.options = "data_file=disk.qcow2"}).second.find("writing"), 0U);
  EXPECT_FALSE(std::filesystem::exists(path("data.raw")));
}

TEST_F(WriterOptions, PreallocationOfALargeHoleHasAllTables) {
  const auto image = write(*make_hole_blob(8 * kGiB), {.options = "preallocation=metadata"});
  expect_clean(image);
  EXPECT_LT(allocated_bytes("disk.qcow2"), 4 * kMiB);
  EXPECT_GT(std::filesystem::file_size(image), 8 * kGiB);
}

}  // namespace
}  // namespace fstool::qcow2::test
