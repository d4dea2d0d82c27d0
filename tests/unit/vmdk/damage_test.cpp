#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "vmdk_fixture.h"

namespace fstool::vmdk::test {
namespace {

using testing::HasSubstr;

class VmdkDamage : public VmdkTest {
 protected:
  /// Changes the header of a monolithicSparse image, and expects that it isn't opened.
  void expect_header_refused(const std::function<void(SparseExtentHeader&)>& change, ErrorCode expected,
                             const std::string& words) {
    write_example(Subformat::MonolithicSparse);
    expect_refused(change, expected, words);
  }

  void expect_refused(const std::function<void(SparseExtentHeader&)>& change, ErrorCode expected,
                      const std::string& words) {
    SparseExtentHeader changed = header("disk.vmdk");
    change(changed);
    put("disk.vmdk", 0, changed);
    const auto [code, text] = open_error(container_, "disk.vmdk");
    EXPECT_EQ(code, expected) << text;
    EXPECT_THAT(text, HasSubstr(words));
  }

  std::uint32_t table(std::uint64_t number) const {
    return entry("disk.vmdk", last_header("disk.vmdk").directory_offset, number);
  }

  /// The Error that reading the byte at `offset` throws.
  std::string read_error(std::uint64_t offset) {
    const BlobPtr disk = open_image(container_, "disk.vmdk");
    std::byte byte{};
    const auto [code, text] = error_of([&] { disk->read(offset, {&byte, 1}); });
    EXPECT_EQ(code, ErrorCode::Corrupt) << text;
    return text;
  }
};

TEST_F(VmdkDamage, EachFieldOfTheHeaderIsChecked) {
  using Header = SparseExtentHeader;
  expect_header_refused([](Header& h) { h.version = 0; }, ErrorCode::Unsupported, "version 0");
  expect_header_refused([](Header& h) { h.version = 4; }, ErrorCode::Unsupported, "version 4");
  expect_header_refused([](Header& h) { h.newline_test[0] = '\r'; }, ErrorCode::Corrupt, "as binary");
  expect_header_refused([](Header& h) { h.capacity = 0; }, ErrorCode::Unsupported, "capacity");
  expect_header_refused([](Header& h) { h.capacity = ~0ULL; }, ErrorCode::Corrupt, "capacity");
  expect_header_refused([](Header& h) { h.capacity = 1ULL << 53U; }, ErrorCode::Unsupported, "entries");
  expect_header_refused([](Header& h) { h.capacity = 1ULL << 36U; }, ErrorCode::Corrupt, "cut off");
  expect_header_refused([](Header& h) { h.grain_size = 0; }, ErrorCode::Corrupt, "grain size");
  expect_header_refused([](Header& h) { h.grain_size = 127; }, ErrorCode::Corrupt, "grain size");
  expect_header_refused([](Header& h) { h.grain_size = 1ULL << 40U; }, ErrorCode::Corrupt, "grain size");
  expect_header_refused([](Header& h) { h.entries_of_table = 0; }, ErrorCode::Corrupt, "grain tables");
  expect_header_refused([](Header& h) { h.entries_of_table = 513; }, ErrorCode::Corrupt, "grain tables");
  expect_header_refused([](Header& h) { h.directory_offset = 0; }, ErrorCode::Corrupt, "grain directory");
  expect_header_refused([](Header& h) { h.directory_offset = 1ULL << 60U; }, ErrorCode::Corrupt, "grain directory");
  expect_header_refused([](Header& h) { h.directory_offset = kDirectoryAtEnd; }, ErrorCode::Corrupt, "footer");
  expect_header_refused([](Header& h) { h.descriptor_size = 1ULL << 40U; }, ErrorCode::Corrupt, "descriptor");
  expect_header_refused([](Header& h) { h.descriptor_offset = 1ULL << 60U; }, ErrorCode::Corrupt, "descriptor");
  expect_header_refused([](Header& h) { h.descriptor_offset = 0x1000; }, ErrorCode::Corrupt, "descriptor");
  expect_header_refused([](Header& h) { h.compression = 2; }, ErrorCode::Unsupported, "compressed");
  expect_header_refused([](Header& h) { h.compression = kDeflate; }, ErrorCode::Unsupported, "markers");

  write_example(Subformat::StreamOptimized);
  StreamEnd end = get<StreamEnd>("disk.vmdk", end_of_stream("disk.vmdk"));
  end.footer.grain_size = 8192;
  put("disk.vmdk", end_of_stream("disk.vmdk"), end);
  expect_refused([](Header& /*h*/) {}, ErrorCode::Unsupported, "compressed grains have 4 MiB");
}

TEST_F(VmdkDamage, AStreamThatIsCutOffIsRefused) {
  write_example(Subformat::StreamOptimized);
  const auto whole = file_bytes("disk.vmdk");
  for (const std::uint64_t size :
       {whole.size() - 512, whole.size() - 1, whole.size() / 2, std::size_t{600}, std::size_t{512}}) {
    std::filesystem::resize_file(path("disk.vmdk"), size);
    const auto [code, text] = open_error(container_, "disk.vmdk");
    EXPECT_EQ(code, ErrorCode::Corrupt);
    EXPECT_THAT(text, HasSubstr("footer"));
  }
}

TEST_F(VmdkDamage, TheFooterIsChecked) {
  const auto refused_with = [&](const std::function<void(StreamEnd&)>& change) {
    write_example(Subformat::StreamOptimized);
    StreamEnd end = get<StreamEnd>("disk.vmdk", end_of_stream("disk.vmdk"));
    change(end);
    put("disk.vmdk", end_of_stream("disk.vmdk"), end);
    return open_error(container_, "disk.vmdk").second;
  };
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.footer_marker.type = 2; }), HasSubstr("footer"));
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.end_of_stream.type = 3; }), HasSubstr("footer"));
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.end_of_stream.sectors = 1; }), HasSubstr("footer"));
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.footer.magic = 1; }), HasSubstr("footer"));
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.footer.directory_offset = kDirectoryAtEnd; }), HasSubstr("footer"));
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.footer.version = 9; }), HasSubstr("version 9"));
  EXPECT_THAT(refused_with([](StreamEnd& end) { end.footer.directory_offset = 1 << 30U; }), HasSubstr("directory"));
}

TEST_F(VmdkDamage, EntriesThatLeadOutOfTheFileAreErrorsOfWhatTheyStandFor) {
  for (const Subformat subformat : {Subformat::MonolithicSparse, Subformat::StreamOptimized}) {
    write_example(subformat);
    set_entry("disk.vmdk", table(0), 2, 0x7fffffff);
    EXPECT_THAT(read_error(2 * 64 * kKiB), HasSubstr("grain 2"));
    EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain 2"));
    std::byte byte{};
    open_image(container_, "disk.vmdk")->read(0, {&byte, 1});  // others can be read

    write_example(subformat);
    set_entry("disk.vmdk", last_header("disk.vmdk").directory_offset, 2, 0x7fffffff);
    EXPECT_THAT(read_error(70 * kMiB), HasSubstr("grain table 2"));
    EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain table 2 is not in the file"));
  }
}

TEST_F(VmdkDamage, AMonolithicDiskThatIsCutOffIsDamaged) {
  write_example(Subformat::MonolithicSparse);
  std::filesystem::resize_file(path("disk.vmdk"), std::filesystem::file_size(path("disk.vmdk")) - 40'000);
  EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain 1135 is not in the file"));
  EXPECT_THAT(read_error(71 * kMiB - 1), HasSubstr("cut off"));
}

TEST_F(VmdkDamage, TwoGrainsInOnePlaceAreDamage) {
  for (const Subformat subformat : {Subformat::MonolithicSparse, Subformat::StreamOptimized}) {
    write_example(subformat);
    set_entry("disk.vmdk", table(0), 3, entry("disk.vmdk", table(0), 0));
    EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain 3 lies where something else is"));
  }
}

TEST_F(VmdkDamage, ATableInTwoPlacesOfTheDirectoryIsDamageAndWalkedOnce) {
  write_example(Subformat::MonolithicSparse);
  set_entry("disk.vmdk", header("disk.vmdk").directory_offset, 1, table(0));
  const std::string damage = check_image(container_, "disk.vmdk");
  EXPECT_THAT(damage, HasSubstr("grain table 1 lies where something else is"));
  EXPECT_THAT(damage, Not(HasSubstr("grain 512")));
}

TEST_F(VmdkDamage, AGrainOverTheMetadataIsDamage) {
  write_example(Subformat::MonolithicSparse);
  set_entry("disk.vmdk", table(0), 3, 1);
  EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain 3 lies where something else is"));
}

TEST_F(VmdkDamage, AGrainBehindTheEndOfTheDiskIsDamage) {
  write_example(Subformat::MonolithicSparse);
  set_entry("disk.vmdk", table(3), 511, 1000);
  EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("behind the end of the disk"));
}

TEST_F(VmdkDamage, RedundantTablesHaveToBeEqual) {
  write_example(Subformat::MonolithicSparse);
  const std::uint64_t redundant = header("disk.vmdk").redundant_directory_offset;
  set_entry("disk.vmdk", entry("disk.vmdk", redundant, 2), 7, 5000);
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "the redundant grain table 2 differs from the other\n");
  set_entry("disk.vmdk", redundant, 1, 0);
  EXPECT_THAT(check_image(container_, "disk.vmdk"),
              HasSubstr("only one of the two grain directories has grain table 1"));
  SparseExtentHeader changed = header("disk.vmdk");
  changed.redundant_directory_offset = 1U << 30U;
  put("disk.vmdk", 0, changed);
  EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("redundant grain directory is not in the file"));
}

TEST_F(VmdkDamage, CompressedGrainsAreUnpacked) {
  write_example(Subformat::StreamOptimized);
  const std::uint64_t offset = std::uint64_t{grain_sector("disk.vmdk", 1120)} * kSectorBytes;
  const auto marker = get<GrainMarker>("disk.vmdk", offset);

  put("disk.vmdk", offset + sizeof(marker) + marker.bytes - 1, static_cast<std::uint8_t>(0));
  put("disk.vmdk", offset + sizeof(marker) + marker.bytes - 2, static_cast<std::uint8_t>(0));
  EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain 1120: "));
  EXPECT_THAT(read_error(70 * kMiB), HasSubstr("grain 1120: "));

  GrainMarker changed = marker;
  changed.bytes = 0;
  put("disk.vmdk", offset, changed);
  EXPECT_THAT(check_image(container_, "disk.vmdk"), HasSubstr("grain 1120: there is no compressed grain"));
  changed.bytes = 200'000;
  put("disk.vmdk", offset, changed);
  EXPECT_THAT(read_error(70 * kMiB), HasSubstr("200000 bytes is too long"));
}

TEST_F(VmdkDamage, AMarkerOfAnotherGrainIsDamage) {
  write_example(Subformat::StreamOptimized);
  const std::uint64_t offset = std::uint64_t{grain_sector("disk.vmdk", 0)} * kSectorBytes;
  auto marker = get<GrainMarker>("disk.vmdk", offset);
  marker.sector = 128;
  put("disk.vmdk", offset, marker);
  EXPECT_EQ(check_image(container_, "disk.vmdk"),
            "grain 0: its marker says that it begins at sector 128 in place of 0\n");
}

TEST_F(VmdkDamage, AGrainThatIsTooShortIsDamage) {
  write_example(Subformat::StreamOptimized);
  const std::uint64_t offset = std::uint64_t{grain_sector("disk.vmdk", 1120)} * kSectorBytes;
  const auto zlib = registry_.get<Codec>("zlib").create({});
  const auto bytes = fstool::test::text_bytes(1000, 1);
  const auto packed = fstool::test::compressed(*zlib->compressor(), bytes, 2000).value();
  GrainMarker marker{};
  marker.sector = 1120 * 128;
  marker.bytes = static_cast<std::uint32_t>(packed.size());
  put("disk.vmdk", offset, marker);
  patch("disk.vmdk", offset + sizeof(marker), packed);
  EXPECT_THAT(read_error(70 * kMiB), HasSubstr("1000 bytes in place of 65536"));
}

TEST_F(VmdkDamage, ADiskThatWasNotClosedIsAWarning) {
  write_example(Subformat::MonolithicSparse);
  SparseExtentHeader changed = header("disk.vmdk");
  changed.unclean_shutdown = 1;
  put("disk.vmdk", 0, changed);
  EXPECT_EQ(check_image(container_, "disk.vmdk"), "");
}

TEST_F(VmdkDamage, RandomDamageIsSurvived) {
  for (const Subformat subformat : {Subformat::MonolithicSparse, Subformat::StreamOptimized}) {
    const BlobPtr disk = make_memory_blob(fstool::test::text_bytes(300'000, 1));
    write(*disk, with(subformat, 8 * kKiB));
    const auto image = file_bytes("disk.vmdk");
    fstool::test::expect_survives_damage(container_, image, std::min<std::size_t>(image.size(), 20'000), 300,
                                         registry_);
    fstool::test::expect_survives_damage(container_, image, 600, 200, registry_);
  }
}

TEST_F(VmdkDamage, RandomDescriptorsAreSurvived) {
  const std::string text =
      "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n"
      "RW 2048 FLAT \"x\" 0\nRW 10 ZERO\nddb.adapterType = \"ide\"\n";
  std::vector<std::byte> bytes(text.size() + 512);
  for (std::size_t i = 0; i < text.size(); ++i) bytes[i] = static_cast<std::byte>(text[i]);
  fstool::test::expect_survives_damage(container_, bytes, text.size(), 500, registry_);
}

}  // namespace
}  // namespace fstool::vmdk::test
