#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "codec_fixture.h"
#include "fstool/plugin.h"
#include "ondisk/descriptor.h"
#include "vmdk_fixture.h"

extern "C" const fstool::PluginDescriptor fstool_plugin;

namespace fstool::vmdk::test {
namespace {

using fstool::test::expect_same;
using fstool::test::random_bytes;
using fstool::test::sparse_disk;
using fstool::test::text_bytes;
using testing::HasSubstr;

constexpr Subformat kSubformats[] = {Subformat::MonolithicSparse, Subformat::StreamOptimized};

using Combination = std::tuple<Subformat, std::uint64_t>;

class EveryVmdk : public VmdkTest, public testing::WithParamInterface<Combination> {
 protected:
  VmdkOptions options() const { return with(std::get<0>(GetParam()), std::get<1>(GetParam())); }

  WriteDisk writer() {
    return
        [this](const Blob& disk, const std::string& name, unsigned threads) { write(disk, options(), name, threads); };
  }
};

INSTANTIATE_TEST_SUITE_P(
    Vmdk, EveryVmdk, testing::Combine(testing::ValuesIn(kSubformats), testing::Values(8 * kKiB, 64 * kKiB, 2 * kMiB)),
    [](const testing::TestParamInfo<Combination>& combination) {
      return std::string(std::get<0>(combination.param) == Subformat::MonolithicSparse ? "MonolithicSparse"
                                                                                       : "StreamOptimized") +
             std::to_string(std::get<1>(combination.param) / kKiB) + "K";
    });

TEST_P(EveryVmdk, QemuReadsDisksOfAnySize) {
  const std::uint64_t grain = options().grain_size.value;
  for (const std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{512}, std::uint64_t{513}, grain, 3 * grain + 512, 5 * kMiB + 12345}) {
    SCOPED_TRACE(size);
    const BlobPtr disk = make_memory_blob(mixed_bytes(size, grain));
    write(*disk, options());
    expect_qemu_reads("vmdk", "disk.vmdk", *disk, round_up(size, kSectorBytes));
    expect_reads_as_qemu(container_, "vmdk", "disk.vmdk");
    EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
    EXPECT_THAT(output_of("qemu-img check -f vmdk disk.vmdk"), HasSubstr("No errors"));
  }
}

TEST_P(EveryVmdk, QemuReadsDisksWithHoles) {
  const BlobPtr disk = sparse_disk(kGiB + 512, {{0, random_bytes(100'000, 1)},
                                                {400 * kMiB - 1000, mixed_bytes(3 * kMiB, options().grain_size.value)},
                                                {kGiB, text_bytes(512, 2)}});
  write(*disk, options());
  expect_qemu_reads("vmdk", "disk.vmdk", *disk, disk->size());
  expect_same(*open_image(container_, "disk.vmdk"), *disk);
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
}

TEST_P(EveryVmdk, TheNumberOfThreadsDoesNotMatter) {
  expect_threads_do_not_matter(*make_memory_blob(mixed_bytes(20 * kMiB + 5, options().grain_size.value)), writer());
}

TEST_P(EveryVmdk, ZerosAreTheSameAsHoles) { expect_zeros_are_holes(writer()); }

class VmdkWriter : public VmdkTest {};

TEST_F(VmdkWriter, AMonolithicSparseDiskIsLaidOutAsQemuDoes) {
  const BlobPtr disk = sparse_disk(100 * kMiB, {{0, random_bytes(64 * kKiB, 1)}, {50 * kMiB, random_bytes(1, 2)}});
  write(*disk, {});
  output_of("qemu-img create -q -f vmdk theirs.vmdk 100M");
  const SparseExtentHeader ours = header("disk.vmdk");
  const SparseExtentHeader theirs = header("theirs.vmdk");
  EXPECT_EQ(std::memcmp(&ours, &theirs, sizeof(ours)), 0);
  for (const std::uint64_t directory : {ours.directory_offset, ours.redundant_directory_offset}) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      EXPECT_EQ(entry("disk.vmdk", directory, i), entry("theirs.vmdk", directory, i)) << i;
    }
  }
  EXPECT_EQ(grain_sector("disk.vmdk", 0), ours.overhead);
  EXPECT_EQ(grain_sector("disk.vmdk", 800), ours.overhead + 128);
  EXPECT_EQ(grain_sector("disk.vmdk", 1), 0U);
  EXPECT_EQ(std::filesystem::file_size(path("disk.vmdk")), (ours.overhead + 2 * 128) * kSectorBytes);
}

TEST_F(VmdkWriter, TheDescriptorIsAsQemuWritesIt) {
  for (const std::string adapter : {"ide", "lsilogic", "buslogic", "legacyESX"}) {
    VmdkOptions options = vmdk_options().parse(parse_option_text("adapter_type=" + adapter + ",hwversion=10"));
    write(*make_hole_blob(3 * kGiB), options);
    output_of("qemu-img create -q -f vmdk -o hwversion=10,adapter_type=" + adapter + " theirs.vmdk 3G");
    const auto lines = [](const std::string& text) {
      std::set<std::string> found;
      std::istringstream stream(text);
      for (std::string line; std::getline(stream, line);) {
        // Names and the number drawn at random; the version of tools that aren't there.
        if (!line.starts_with("RW ") && !line.starts_with("CID=") && !line.starts_with("ddb.tools")) {
          found.insert(line);
        }
      }
      return found;
    };
    EXPECT_EQ(lines(descriptor_of("disk.vmdk")), lines(descriptor_of("theirs.vmdk")));
  }
}

TEST_F(VmdkWriter, AStreamHasMarkersInTheOrderOfTheDisk) {
  write_example(Subformat::StreamOptimized);
  const SparseExtentHeader first = header("disk.vmdk");
  EXPECT_EQ(first.version, 3U);
  EXPECT_EQ(first.directory_offset, kDirectoryAtEnd);
  EXPECT_EQ(first.redundant_directory_offset, 0U);
  EXPECT_EQ(first.compression, kDeflate);

  const std::uint64_t end = std::filesystem::file_size(path("disk.vmdk")) / kSectorBytes;
  std::vector<MarkerType> metadata;
  std::uint64_t grains = 0;
  std::uint64_t after = 0;  // sector of the disk behind the last grain
  for (std::uint64_t sector = first.overhead; sector < end;) {
    const auto marker = get<MetadataMarker>("disk.vmdk", sector * kSectorBytes);
    if (marker.zero != 0) {
      EXPECT_GE(marker.sectors, after);
      after = marker.sectors + 128;
      ++grains;
      EXPECT_EQ(grain_sector("disk.vmdk", marker.sectors / 128), sector);
      sector += div_ceil(sizeof(GrainMarker) + marker.zero, kSectorBytes);
    } else {
      metadata.push_back(static_cast<MarkerType>(marker.type.value()));
      sector += 1 + marker.sectors;
    }
  }
  EXPECT_EQ(metadata, (std::vector{MarkerType::Table, MarkerType::Table, MarkerType::Directory, MarkerType::Footer,
                                   MarkerType::EndOfStream}));
  EXPECT_GT(grains, 30U);
}

TEST_F(VmdkWriter, AStreamIsWrittenOnce) {
  const BlobPtr disk = make_memory_blob(text_bytes(10 * kMiB, 1));
  const std::uint64_t written = write(*disk, with(Subformat::StreamOptimized));
  // Only the gap between the descriptor and the grains isn't.
  EXPECT_LE(written, std::filesystem::file_size(path("disk.vmdk")));
  EXPECT_GE(written + 128 * kSectorBytes, std::filesystem::file_size(path("disk.vmdk")));
}

TEST_F(VmdkWriter, AHugeDiskThatIsNearlyEmptyTakesLittle) {
  const BlobPtr disk = sparse_disk(3 * kTiB, {{0, random_bytes(1000, 1)}, {3 * kTiB - 1000, random_bytes(1000, 2)}});
  for (const Subformat subformat : kSubformats) {
    EXPECT_LT(write(*disk, with(subformat)), 2 * kMiB);
    EXPECT_LT(allocated_bytes("disk.vmdk"), 3 * kMiB);
    EXPECT_THAT(output_of("qemu-img info disk.vmdk"), HasSubstr("3 TiB"));
    const BlobPtr opened = open_image(container_, "disk.vmdk");
    ASSERT_EQ(opened->size(), disk->size());
    std::vector<std::byte> end(1000);
    opened->read(3 * kTiB - 1000, end);
    EXPECT_EQ(end, random_bytes(1000, 2));
    std::uint64_t at = opened->run_at(0).length;
    unsigned runs = 0;
    for (; at < disk->size() && opened->run_at(at).hole; ++runs) at += opened->run_at(at).length;
    EXPECT_EQ(at, 3 * kTiB - 64 * kKiB);
    EXPECT_LT(runs, 1000U);
    EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
  }
}

TEST_F(VmdkWriter, TheContentIdDependsOnTheContentAlone) {
  const auto id = [&](const Blob& disk, const VmdkOptions& options) {
    write(disk, options);
    const std::string text = descriptor_of("disk.vmdk");
    return text.substr(text.find("CID="), 12);
  };
  const BlobPtr disk = make_memory_blob(random_bytes(kMiB, 1));
  const std::string expected = id(*disk, with(Subformat::MonolithicSparse));
  EXPECT_EQ(id(*disk, with(Subformat::StreamOptimized)), expected);
  EXPECT_NE(id(*make_memory_blob(random_bytes(kMiB, 2)), {}), expected);
  EXPECT_NE(id(*sparse_disk(2 * kMiB, {{0, random_bytes(kMiB, 1)}}), {}), expected);
}

TEST_F(VmdkWriter, ACodecMeansStreamOptimized) {
  const BlobPtr disk = make_memory_blob(text_bytes(kMiB, 1));
  const auto zlib = registry_.get<Codec>("zlib").create(parse_option_text("level=9"));
  write_image(container_, *disk, "best.vmdk", 2, {}, zlib.get());
  EXPECT_THAT(descriptor_of("best.vmdk"), HasSubstr("streamOptimized"));
  expect_qemu_reads("vmdk", "best.vmdk", *disk, disk->size());
  write(*disk, with(Subformat::StreamOptimized), "default.vmdk");
  EXPECT_LT(std::filesystem::file_size(path("best.vmdk")), std::filesystem::file_size(path("default.vmdk")));
  write(*disk, {}, "plain.vmdk");
  EXPECT_THAT(descriptor_of("plain.vmdk"), HasSubstr("monolithicSparse"));
}

TEST_F(VmdkWriter, RefusesWhatTheFormatDoesNotHave) {
  const BlobPtr disk = make_memory_blob(text_bytes(kMiB, 1));
  const auto error_with = [&](const VmdkOptions& options, const std::string& codec, const Blob& what) {
    VmdkContainer container(options);
    const auto made = codec.empty() ? nullptr : registry_.get<Codec>(codec).create({});
    const auto [code, text] = error_of([&] { write_image(container, what, "disk.vmdk", 2, {}, made.get()); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    return text;
  };
  EXPECT_THAT(error_with({}, "zstd", *disk), HasSubstr("zstd; choose zlib"));
  EXPECT_THAT(error_with({}, "deflate", *disk), HasSubstr("deflate; choose zlib"));
  EXPECT_THAT(error_with(with(Subformat::MonolithicSparse), "zlib", *disk), HasSubstr("monolithicSparse"));
  EXPECT_THAT(error_with({}, "", *make_hole_blob(0)), HasSubstr("empty"));
  EXPECT_THAT(error_with(with(Subformat::MonolithicSparse, 8 * kKiB), "", *make_hole_blob(129 * kTiB)),
              HasSubstr("grain_size"));
}

TEST_F(VmdkWriter, ReportsProgressInBytesOfTheDisk) {
  class Listener : public ProgressListener {
   public:
    void begin(std::string_view step, std::uint64_t expected, std::string_view unit) override {
      EXPECT_THAT(std::string(step), HasSubstr("disk.vmdk"));
      EXPECT_EQ(unit, "bytes");
      total = expected;
    }
    void advance(std::uint64_t more) override { done += more; }
    void warn(std::string_view message) override { ADD_FAILURE() << message; }
    std::uint64_t total = 0;
    std::atomic<std::uint64_t> done = 0;
  };
  for (const Subformat subformat : kSubformats) {
    const auto listener = std::make_shared<Listener>();
    Context context(registry_, {.threads = 2, .source_date_epoch = {}, .listener = listener});
    OutputFile output(path("disk.vmdk"), {.force = false, .sync = OutputFile::Sync::Never});
    const BlobPtr disk = sparse_disk(50 * kMiB + 7, {{9 * kMiB, random_bytes(100, 1)}});
    VmdkContainer(with(subformat)).write(*disk, output, nullptr, context);
    EXPECT_EQ(listener->total, disk->size());
    EXPECT_EQ(listener->done, disk->size());
  }
}

TEST(VmdkPlugin, RegistersTheContainer) {
  Registry registry;
  fstool_plugin.register_formats(registry);
  const FormatInfo& info = registry.get<Container>("vmdk").info;
  EXPECT_EQ(info.extensions, std::vector<std::string>{"vmdk"});
  EXPECT_EQ(info.options.size(), 4U);
}

}  // namespace
}  // namespace fstool::vmdk::test
