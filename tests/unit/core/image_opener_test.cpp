#include "image_opener.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>

#include "fake_formats.h"
#include "fstool/error.h"
#include "run_tool.h"

namespace fstool {
namespace {

using Strings = std::vector<std::string>;

/// A disk of the partition table "row": pieces of text at their offsets.
std::string disk_of(const std::string& records, const std::map<std::size_t, std::string>& pieces) {
  std::string disk(16384, '\0');
  const std::string header = "row:" + records;
  disk.replace(0, header.size(), header);
  for (const auto& [offset, text] : pieces) disk.replace(offset, text.size(), text);
  return disk;
}

/// A format that recognizes what begins with its magic and leaves reading to the defaults.
template <class Interface>
class WriteOnly;

template <>
class WriteOnly<Filesystem> : public Filesystem {
 public:
  explicit WriteOnly(std::string magic) : magic_(std::move(magic)) {}
  FormattedVolume format(std::shared_ptr<const Tree> /*tree*/, const FormatRequest& /*request*/,
                         Context& /*context*/) override {
    return {};
  }
  bool probe(const Blob& image) const override { return test::text_of(image).starts_with(magic_); }

 private:
  std::string magic_;
};

template <>
class WriteOnly<Container> : public Container {
 public:
  explicit WriteOnly(std::string magic) : magic_(std::move(magic)) {}
  void write(const Blob& /*disk*/, OutputFile& /*output*/, const Codec* /*codec*/, Context& /*context*/) override {}
  bool probe(const Blob& file) const override { return test::text_of(file).starts_with(magic_); }

 private:
  std::string magic_;
};

template <>
class WriteOnly<PartitionTable> : public PartitionTable {
 public:
  explicit WriteOnly(std::string magic) : magic_(std::move(magic)) {}
  Layout plan(const TableRequest& /*request*/, Context& /*context*/) override { return {}; }
  BlobPtr compose(const TableRequest& /*request*/, const Layout& /*layout*/, std::vector<BlobPtr> /*contents*/,
                  Context& /*context*/) override {
    return nullptr;
  }
  bool probe(const Blob& disk) const override { return test::text_of(disk).starts_with(magic_); }

 private:
  std::string magic_;
};

template <class Interface>
void add_write_only(Registry& registry, const std::string& name, const std::string& magic) {
  registry.add(make_format<Interface>(name, "", OptionSet<NoOptions>(),
                                      [magic](NoOptions) { return std::make_unique<WriteOnly<Interface>>(magic); }));
}

class ImageOpenerTest : public testing::Test {
 protected:
  std::string path(const std::string& name) { return (directory_.path() / name).string(); }
  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << bytes;
  }

  OpenedImage open(const std::string& text, bool strict = false) {
    contexts_.push_back(std::make_unique<Context>(registry_, Context::Settings{.threads = 1, .strict = strict}));
    return open_image(find_image_reference(path(text)).value(), *contexts_.back());
  }

  /// The message without the directory, and its code in code_.
  std::string failure(const std::string& text, bool strict = false) {
    try {
      open(text, strict);
    } catch (const Error& error) {
      code_ = error.code();
      std::string message = error.what();
      const std::string prefix = directory_.path().string() + "/";
      for (std::size_t at = 0; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
      return message;
    }
    ADD_FAILURE() << "no error for " << text;
    return {};
  }

  static Strings names(const OpenedImage& opened) {
    Strings names;
    for (const DirEntry& entry : opened.volume.tree.entries(Tree::kRoot)) names.emplace_back(entry.name);
    return names;
  }

  test::TemporaryDirectory directory_;
  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  std::vector<std::unique_ptr<Context>> contexts_;
  ErrorCode code_ = ErrorCode::Internal;
};

const std::string kTwoPartitions = disk_of("boot,esp,1024,512;root,linux,2048,1024;", {{1024, "a@1 "}, {2048, "b@2 "}});

TEST_F(ImageOpenerTest, OpensABareFileSystem) {
  write("old.img", "a@1 b@2 ");
  const OpenedImage opened = open("old.img");
  EXPECT_EQ(opened.image.container, "");
  EXPECT_FALSE(opened.image.layout);
  ASSERT_EQ(opened.image.parts.size(), 1U);
  EXPECT_FALSE(opened.image.parts[0].partition);
  EXPECT_EQ(opened.image.parts[0].filesystem, "fake");
  EXPECT_EQ(opened.volume.facts.type, "fake");
  EXPECT_EQ(names(opened), (Strings{"a", "b"}));
}

TEST_F(ImageOpenerTest, OpensWhatIsInAContainer) {
  write("no box by its name", "box:a@1 ");
  const OpenedImage opened = open("no box by its name");
  EXPECT_EQ(opened.image.container, "box");
  EXPECT_EQ(opened.image.disk->size(), 4U);
  EXPECT_EQ(names(opened), (Strings{"a"}));
}

TEST_F(ImageOpenerTest, AContainerInAContainerIsJustContents) {
  write("old.box", "box:box:a@1 ");
  EXPECT_TRUE(failure("old.box").starts_with("opening old.box: neither a file system nor a partition table"));
}

TEST_F(ImageOpenerTest, OpensAPartitionByItsNumber) {
  write("old.img", "box:" + kTwoPartitions);
  const OpenedImage opened = open("old.img:2");
  EXPECT_EQ(opened.image.container, "box");
  ASSERT_TRUE(opened.image.layout);
  EXPECT_EQ(opened.image.layout->table, "row");
  ASSERT_EQ(opened.image.parts.size(), 2U);
  EXPECT_EQ(opened.part, 1U);
  EXPECT_EQ(opened.image.parts[1].partition->name, "root");
  EXPECT_EQ(opened.image.parts[1].bytes->size(), 1024U);
  EXPECT_EQ(names(opened), (Strings{"b"}));
  EXPECT_EQ(names(open("old.img:1")), (Strings{"a"}));
}

TEST_F(ImageOpenerTest, OpensAPartitionByItsName) {
  write("old.img", kTwoPartitions);
  EXPECT_EQ(names(open("old.img:boot")), (Strings{"a"}));
  EXPECT_EQ(names(open("old.img:root")), (Strings{"b"}));
  EXPECT_EQ(log_.opened, 2U);
}

TEST_F(ImageOpenerTest, OpensAPartitionByItsLabel) {
  write("old.img", disk_of("boot,esp,1024,512;root,linux,2048,1024;", {{1024, "#ONE a@1 "}, {2048, "#TWO b@2 "}}));
  EXPECT_EQ(names(open("old.img:TWO")), (Strings{"b"}));
}

TEST_F(ImageOpenerTest, ANumberGoesBeforeANameAndANameBeforeALabel) {
  write("old.img", disk_of("2,t,1024,512;ONE,t,2048,512;7,t,3072,512;",
                           {{1024, "#ONE a@1 "}, {2048, "#7 b@2 "}, {3072, "#2 c@3 "}}));
  EXPECT_EQ(names(open("old.img:2")), (Strings{"b"}));
  EXPECT_EQ(names(open("old.img:ONE")), (Strings{"b"}));
  EXPECT_EQ(names(open("old.img:7")), (Strings{"c"}));
}

TEST_F(ImageOpenerTest, AFileSystemThatCannotBeReadHasNoLabel) {
  write("old.img", disk_of("x,t,1024,512;y,t,2048,512;", {{1024, "#ROOT broken"}, {2048, "#ROOT b@2 "}}));
  EXPECT_EQ(names(open("old.img:ROOT")), (Strings{"b"}));
}

TEST_F(ImageOpenerTest, TheOnlyPartitionNeedsNoNumber) {
  write("old.img", disk_of("root,linux,2048,1024;", {{2048, "b@2 "}}));
  EXPECT_EQ(names(open("old.img")), (Strings{"b"}));
}

TEST_F(ImageOpenerTest, TheOnlyPartitionWithAFileSystemNeedsNoNumber) {
  write("old.img", disk_of("loader,bios,1024,512;root,linux,2048,1024;", {{1024, "code"}, {2048, "b@2 "}}));
  const OpenedImage opened = open("old.img");
  EXPECT_EQ(opened.part, 1U);
  EXPECT_EQ(names(opened), (Strings{"b"}));
}

TEST_F(ImageOpenerTest, SeveralFileSystemsAskForANumber) {
  write("old.img", kTwoPartitions);
  EXPECT_EQ(failure("old.img"),
            "opening old.img: 2 partitions have file systems: choose one, as in old.img:1\n"
            "  partition 1 (\"boot\"): esp, 512 bytes, fake\n"
            "  partition 2 (\"root\"): linux, 1 KiB, fake");
  EXPECT_EQ(code_, ErrorCode::InvalidArgument);
}

TEST_F(ImageOpenerTest, ANameOfSeveralPartitionsAsksForANumber) {
  write("old.img", disk_of("a,t,1024,512;b,t,2048,512;b,t,3072,512;", {}));
  EXPECT_TRUE(failure("old.img:b")
                  .starts_with("opening old.img:b: 2 partitions are called \"b\": choose one by its number, as in "
                               "old.img:2\n  partition 1"));
}

TEST_F(ImageOpenerTest, AMissingPartitionListsThoseThatAreThere) {
  write("old.img", kTwoPartitions);
  EXPECT_EQ(failure("old.img:3"),
            "opening old.img:3: there is no partition \"3\"; there are:\n"
            "  partition 1 (\"boot\"): esp, 512 bytes, fake\n"
            "  partition 2 (\"root\"): linux, 1 KiB, fake");
  EXPECT_EQ(code_, ErrorCode::NotFound);
  EXPECT_TRUE(failure("old.img:99999999999999999999").starts_with("opening old.img:99999999999999999999: there is no"));
}

TEST_F(ImageOpenerTest, APartitionOfADiskWithoutATableIsMissing) {
  write("old.img", "a@1 ");
  EXPECT_EQ(failure("old.img:1"),
            "opening old.img:1: there is no partition \"1\": the disk has no partition table (the plugins know: row)");
}

TEST_F(ImageOpenerTest, ATableWithoutPartitionsHasNothingToOpen) {
  write("old.img", disk_of("", {}));
  EXPECT_EQ(failure("old.img"), "opening old.img: the row partition table has no partitions");
}

TEST_F(ImageOpenerTest, PartitionsWithoutFileSystemsAreListed) {
  write("old.img", disk_of("x,t,1024,512;,u,2048,512;", {}));
  EXPECT_EQ(failure("old.img"),
            "opening old.img: no partition has a file system that a plugin knows (they know: fake)\n"
            "  partition 1 (\"x\"): t, 512 bytes, no file system that a plugin knows\n"
            "  partition 2: u, 512 bytes, no file system that a plugin knows");
  EXPECT_EQ(failure("old.img:1"),
            "opening old.img:1: partition 1 (\"x\"): no file system that a plugin knows (they know: fake)");
}

TEST_F(ImageOpenerTest, UnknownContentsAreReportedWithWhatIsKnown) {
  write("old.img", "what's this?");
  EXPECT_EQ(failure("old.img"),
            "opening old.img: neither a file system nor a partition table that a plugin knows (they know: fake; row)");
  EXPECT_EQ(code_, ErrorCode::Unsupported);
  write("empty.img", "");
  EXPECT_EQ(failure("empty.img"), "opening empty.img: it is empty");
}

TEST_F(ImageOpenerTest, APartitionBeyondTheDiskIsCorrupt) {
  for (const char* const record : {"x,t,16000,1024;", "x,t,20000,1;", "x,t,18446744073709551615,2;"}) {
    write("old.img", disk_of(record, {}));
    EXPECT_EQ(failure("old.img"),
              "opening old.img: partition 1 (\"x\") reaches beyond the end of the disk: the image may be cut off");
    EXPECT_EQ(code_, ErrorCode::Corrupt);
  }
}

TEST_F(ImageOpenerTest, ErrorsNameTheLayer) {
  write("old.img", disk_of("root,linux,2048,1024;", {{2048, "b@2 broken"}}));
  EXPECT_EQ(failure("old.img:1"), "opening old.img:1: partition 1 (\"root\"): fake: unreadable word broken");
  write("bare.img", "b@2 broken");
  EXPECT_EQ(failure("bare.img"), "opening bare.img: fake: unreadable word broken");
}

TEST_F(ImageOpenerTest, AFormatThatIsOnlyWrittenSaysSo) {
  add_write_only<Container>(registry_, "crate", "crate");
  add_write_only<PartitionTable>(registry_, "column", "column");
  add_write_only<Filesystem>(registry_, "ledger", "ledger");
  write("old.crate", "crate");
  EXPECT_EQ(failure("old.crate:1"),
            "opening old.crate: as a crate image: this container format can be written, but not read");
  EXPECT_EQ(code_, ErrorCode::Unsupported);
  write("old.column", "column");
  EXPECT_EQ(failure("old.column"),
            "opening old.column: reading its column partition table: this partition table format can be written, but "
            "not read");
  write("old.ledger", "ledger");
  EXPECT_EQ(failure("old.ledger"), "opening old.ledger: ledger: this filesystem format can be written, but not read");
}

TEST_F(ImageOpenerTest, TheFirstNameWinsWhereSeveralFormatsClaimTheBytes) {
  add_write_only<Filesystem>(registry_, "zebra", "a@1 ");
  write("old.img", "a@1 ");
  EXPECT_EQ(open("old.img").image.parts[0].filesystem, "fake");
  add_write_only<Filesystem>(registry_, "aardvark", "a@1 ");
  EXPECT_TRUE(failure("old.img").starts_with("opening old.img: aardvark: "));
}

TEST_F(ImageOpenerTest, APartitionTableGoesBeforeAFileSystem) {
  add_write_only<Filesystem>(registry_, "squatter", "row:");
  write("old.img", disk_of("root,linux,2048,1024;", {{2048, "b@2 "}}));
  EXPECT_EQ(names(open("old.img")), (Strings{"b"}));
}

TEST_F(ImageOpenerTest, DamageIsAnErrorWhereStrictnessIsAskedFor) {
  write("old.img", "a@1 ! ");
  EXPECT_EQ(names(open("old.img")), (Strings{"a"}));
  EXPECT_EQ(failure("old.img", true), "opening old.img: fake: a scratch");
  EXPECT_EQ(code_, ErrorCode::Corrupt);
}

TEST_F(ImageOpenerTest, LayersCanBeLookedAtWithoutOpeningAFileSystem) {
  write("old.img", "box:" + kTwoPartitions);
  Context context(registry_, {.threads = 1});
  const DiskImage image = open_disk_image(path("old.img"), {}, context);
  EXPECT_EQ(image.parts.size(), 2U);
  EXPECT_EQ(log_.opened, 0U);
  EXPECT_EQ(inspect_volume(image.parts[1], context).size, 1024U);
}

TEST_F(ImageOpenerTest, ASnapshotIsChosenByTheContainer) {
  write("old.img", "box+before:a@1 ");
  EXPECT_EQ(names(open("old.img")), (Strings{"a"}));
  Context context(registry_, {.threads = 1});
  EXPECT_EQ(test::text_of(*open_disk_image(path("old.img"), {}, context, "before").disk), "A@1 ");
  EXPECT_EQ(failure("old.img@after"), "opening old.img: as a box image: no snapshot after");
  EXPECT_EQ(code_, ErrorCode::NotFound);
}

TEST_F(ImageOpenerTest, WhatIsNoContainerHasNoSnapshots) {
  write("old.img", "a@1 ");
  EXPECT_EQ(
      failure("old.img@before"),
      "opening old.img: there is no snapshot \"before\": the file is no container that a plugin knows (they know: "
      "box, raw)");
  EXPECT_EQ(code_, ErrorCode::NotFound);
}

TEST_F(ImageOpenerTest, ADirectoryIsNoImage) {
  EXPECT_NE(failure("").find("a directory cannot be read as a file"), std::string::npos);
}

}  // namespace
}  // namespace fstool
