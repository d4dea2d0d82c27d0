#include "pipeline.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "fake_formats.h"
#include "fstool/error.h"
#include "run_tool.h"
#include "spec_toml.h"
#include "variables.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

class PipelineTest : public testing::Test {
 protected:
  Spec read(const std::string& text) {
    OptionTable table = parse_toml(text, "p.toml");
    Variables({}, [](const std::string&) { return std::optional<std::string>(); }).expand(table);
    return read_spec(table, {.file = "p.toml", .directory = root_.path()});
  }
  Plan plan(const std::string& text, const fs::path& output = {}) { return make_plan(read(text), output, context_); }

  std::string failure(const std::string& text, const fs::path& output = {}) {
    try {
      plan(text, output);
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "no error for:\n" << text;
    return {};
  }

  fs::path output(const std::string& name) { return root_.path() / name; }
  void write(const std::string& name, const std::string& text) { std::ofstream(output(name)) << text; }
  void write(const std::string& name, const Plan& made) { test::write_blob(*made.disk, output(name)); }
  static std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::TemporaryDirectory root_;
  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  std::atomic<bool> cancelled_ = false;
  Context context_{registry_,
                   {.threads = 1, .source_date_epoch = std::nullopt, .listener = nullptr, .cancelled = &cancelled_}};
};

const std::string kBare = "[filesystem]\ntype = \"fake\"\nsource = \"ab.list\"\n";

std::string from(const std::string& source) { return "[filesystem]\ntype = \"fake\"\nsource = \"" + source + "\"\n"; }
std::string disk(const std::string& partitions, const std::string& image = "") {
  return "[image]\npartition_table = \"row\"\n" + image + partitions;
}
std::string partition(const std::string& keys, const std::string& source = "") {
  std::string text = "[[partitions]]\ntype = \"linux\"\n" + keys;
  if (!source.empty()) text += "[partitions.filesystem]\ntype = \"fake\"\nsource = \"" + source + "\"\n";
  return text;
}

TEST_F(PipelineTest, WritesABareFileSystem) {
  const Plan made = plan(kBare, output("a.img"));
  EXPECT_EQ(made.report.virtual_size, 2000U);
  EXPECT_FALSE(fs::exists(output("a.img")));
  const Report report = write_plan(made, output("a.img"), {.sync = OutputFile::Sync::Never}, context_);
  const std::string written = contents(output("a.img"));
  EXPECT_TRUE(written.starts_with("raw:a@1000 b@1001 ")) << written;
  ASSERT_TRUE(report.output);
  EXPECT_EQ(report.output->file_size, written.size());
  EXPECT_EQ(report.container, "raw");
  EXPECT_EQ(report.volume->source, "ab.list");
}

TEST_F(PipelineTest, ASizeOfAFileSystemIsKept) {
  plan(kBare + "size = \"4KiB\"\n");
  EXPECT_EQ(log_.fixed_sizes, (Numbers{4096}));
}

TEST_F(PipelineTest, AFileSystemWithoutASourceIsEmpty) {
  EXPECT_EQ(plan("[filesystem]\ntype = \"fake\"\nsize = 64\n").report.virtual_size, 64U);
  EXPECT_EQ(log_.trees, (Strings{""}));
}

TEST_F(PipelineTest, AppliesMtimeAndDeviceNodes) {
  plan(kBare + "mtime = 77\nrootdevs = \"minimal\"\n");
  EXPECT_EQ(log_.trees, (Strings{"a@77 b@77 dev@77 "}));
}

TEST_F(PipelineTest, NewDevicesHaveTheNewestTimeOfTheTree) {
  plan(kBare + "rootdevs = \"minimal\"\n");
  EXPECT_EQ(log_.trees, (Strings{"a@1000 b@1001 dev@1001 "}));
}

TEST_F(PipelineTest, MeasuresFileSystemsOfPartitionsWithoutASize) {
  const Plan made = plan(disk(partition("name = \"one\"\n", "ab.list") + partition("size = 512\n") +
                              partition("size = \"auto\"\n", "abc.list")));
  ASSERT_EQ(made.report.partitions.size(), 3U);
  EXPECT_EQ(made.report.partitions[0].partition.offset, 1024U);
  EXPECT_EQ(made.report.partitions[0].partition.size, 2048U);
  EXPECT_EQ(made.report.partitions[2].partition.offset, 1024U + 2048 + 512);
  EXPECT_EQ(made.report.partitions[2].partition.size, 3072U);
  EXPECT_FALSE(made.report.partitions[1].volume);
  EXPECT_EQ(log_.fixed_sizes, (Numbers{0, 0}));
  EXPECT_EQ(log_.offsets, (Numbers{1024, 1024 + 2048 + 512}));
  EXPECT_EQ(made.disk->size(), 1024U + 2048 + 512 + 3072);
  std::vector<std::byte> first(7);
  made.disk->read(1024, first);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(first.data()), first.size()), "a@1000 ");
}

TEST_F(PipelineTest, FormatsToTheSizeOfThePartition) {
  const Plan made = plan(disk(partition("size = \"4KiB\"\n", "ab.list") + partition("size = \"remaining\"\n", "a.list"),
                              "size = \"16KiB\"\n"));
  EXPECT_EQ(log_.fixed_sizes, (Numbers{4096, 16384 - 1024 - 4096}));
  EXPECT_EQ(log_.offsets, (Numbers{1024, 1024 + 4096}));
  EXPECT_EQ(made.report.virtual_size, 16384U);
}

TEST_F(PipelineTest, RemainingOnAnImageToMeasureIsMeasuredToo) {
  plan(disk(partition("size = \"remaining\"\n", "ab.list")));
  EXPECT_EQ(log_.fixed_sizes, (Numbers{0}));
}

TEST_F(PipelineTest, FormatsAgainWhereThePartitionMoved) {
  // The place of the second partition is known only once the first has taken what remains.
  plan(disk(partition("size = \"remaining\"\n") + partition("", "ab.list"), "size = \"16KiB\"\n"));
  EXPECT_EQ(log_.offsets, (Numbers{1024 + 512, 16384 - 2048}));
}

TEST_F(PipelineTest, TheSizeOfAFileSystemInAFixedPartitionIsIgnored) {
  plan(disk(partition("size = \"4KiB\"\n", "ab.list") + "size = \"1MiB\"\n"));
  EXPECT_EQ(log_.fixed_sizes, (Numbers{4096}));
}

TEST_F(PipelineTest, TheSizeOfAFileSystemInAnAutoPartitionDecides) {
  const Plan made = plan(disk(partition("", "ab.list") + "size = \"8KiB\"\n"));
  EXPECT_EQ(log_.fixed_sizes, (Numbers{8192}));
  EXPECT_EQ(made.report.partitions[0].partition.size, 8192U);
}

TEST_F(PipelineTest, ErrorsNameThePartition) {
  EXPECT_EQ(failure(disk(partition("name = \"root\"\nsize = 512\n", "ab.list"))),
            "building partition 1 (root): too small");
}

TEST_F(PipelineTest, HeadroomIsRequiredWhereTheSizeIsGiven) {
  EXPECT_NE(failure(kBare + "size = 2100\nfree = 200\n").find("too small"), std::string::npos);
  EXPECT_NE(failure(kBare + "size = 2100\nfree = \"50%\"\n").find("\"free\" asks for"), std::string::npos);
  EXPECT_EQ(plan(kBare + "size = 4200\nfree = \"50%\"\n").report.virtual_size, 4200U);
}

TEST_F(PipelineTest, LoadsEachSourceOnce) {
  plan(disk(partition("", "ab.list") + partition("", "ab.list") + partition("", "c.list")));
  EXPECT_EQ(log_.loads.size(), 2U);
  EXPECT_EQ(log_.trees.size(), 3U);
}

TEST_F(PipelineTest, ASourceThatIsChangedInTwoWaysIsLoadedTwice) {
  plan(disk(partition("", "ab.list") + "mtime = 1\n" + partition("", "ab.list") + "mtime = 2\n"));
  EXPECT_EQ(log_.trees, (Strings{"a@1 b@1 ", "a@2 b@2 "}));
}

TEST_F(PipelineTest, PartitionsOfOneSourceGetSeedsOfTheirOwn) {
  plan(disk(partition("", "ab.list") + partition("", "ab.list")));
  ASSERT_EQ(log_.seeds.size(), 2U);
  EXPECT_NE(log_.seeds[0], log_.seeds[1]);
}

TEST_F(PipelineTest, TheSeedComesFromWhatIsBuilt) {
  plan(kBare);
  plan("[container]\ntype = \"box\"\n" + kBare);
  fs::create_directory(root_.path() / "elsewhere");
  plan("[filesystem]\ntype = \"fake\"\nsource = \"elsewhere/ab.list\"\n");
  plan("[filesystem]\ntype = \"fake\"\nsource = \"abc.list\"\n");
  plan(kBare + "label = \"x\"\n");
  ASSERT_EQ(log_.seeds.size(), 5U);
  EXPECT_EQ(log_.seeds[0], log_.seeds[1]);
  EXPECT_EQ(log_.seeds[0], log_.seeds[2]);
  EXPECT_NE(log_.seeds[0], log_.seeds[3]);
  EXPECT_NE(log_.seeds[0], log_.seeds[4]);
}

TEST_F(PipelineTest, ASeedInTheSpecDecidesAlone) {
  plan("seed = \"s\"\n" + kBare);
  plan("seed = \"s\"\n" + kBare + "label = \"x\"\n");
  plan("seed = \"t\"\n" + kBare);
  EXPECT_EQ(log_.seeds[0], log_.seeds[1]);
  EXPECT_NE(log_.seeds[0], log_.seeds[2]);
}

TEST_F(PipelineTest, TheLongestMatchingEndingChoosesTheContainer) {
  EXPECT_EQ(plan(kBare, output("a.box")).report.container, "box");
  EXPECT_EQ(plan(kBare, output("a.TAR.BOX")).report.container, "box");
  EXPECT_EQ(plan(kBare, output("a.unknown")).report.container, "raw");
  EXPECT_EQ(plan(kBare, output("box")).report.container, "raw");
  EXPECT_EQ(plan("[container]\ntype = \"raw\"\n" + kBare, output("a.box")).report.container, "raw");
}

TEST_F(PipelineTest, TheContainerGetsTheCodec) {
  const Plan made = plan("[codec]\ntype = \"shout\"\n" + kBare, output("a.box"));
  EXPECT_EQ(made.report.codec, "shout");
  write_plan(made, output("a.box"), {.sync = OutputFile::Sync::Never}, context_);
  EXPECT_TRUE(contents(output("a.box")).starts_with("box+shout:"));
}

TEST_F(PipelineTest, AnEndingBehindTheContainersChoosesTheCodec) {
  const Report both = plan(kBare, output("a.box.loud")).report;
  EXPECT_EQ(both.container, "box");
  EXPECT_EQ(both.codec, "shout");
  const Report alone = plan(kBare, output("a.Loud")).report;
  EXPECT_EQ(alone.container, "raw");
  EXPECT_EQ(alone.codec, "shout");
}

TEST_F(PipelineTest, ASpecThatNamesTheContainerMeansItAsItSays) {
  EXPECT_EQ(plan("[container]\ntype = \"box\"\n" + kBare, output("a.box.loud")).report.codec, "");
}

TEST_F(PipelineTest, AMissingCodecIsOneMessageWithItsPlace) {
  const std::string message = failure("[codec]\ntype = \"whisper\"\n" + kBare);
  EXPECT_TRUE(message.starts_with("p.toml:2:8: ")) << message;
  EXPECT_NE(message.find("whisper"), std::string::npos) << message;
  EXPECT_TRUE(message.ends_with("\ntype = \"whisper\"\n       ^")) << message;
  EXPECT_TRUE(log_.loads.empty());
}

TEST_F(PipelineTest, UnknownOptionsAreRefusedBeforeAnythingIsRead) {
  const std::string message = failure(kBare + "lable = \"x\"\n");
  EXPECT_TRUE(message.starts_with("p.toml:4:1: ")) << message;
  EXPECT_NE(message.find("did you mean \"label\"?"), std::string::npos) << message;
  EXPECT_NE(failure(kBare + "suorce = \"x\"\n").find("did you mean \"source\"?"), std::string::npos);
  EXPECT_NE(failure(kBare + "rootdev = \"x\"\n").find("did you mean \"rootdevs\"?"), std::string::npos);
  EXPECT_NE(failure("[container]\ntype = \"box\"\nlit = true\n" + kBare).find("did you mean \"lid\"?"),
            std::string::npos);
  EXPECT_NE(failure(disk(partition("", "a.list"), "sise = 4\n")).find("did you mean \"size\"?"), std::string::npos);
  EXPECT_TRUE(log_.loads.empty());
}

TEST_F(PipelineTest, SaysAllThatIsWrongBeforeAnythingIsRead) {
  const std::string message = failure("[container]\ntype = \"bax\"\n" +
                                      disk(partition("", "nowhere") + "label = 3\nfil = 1\n", "gap = \"x\"\n"));
  EXPECT_EQ(message.find("p.toml:2:8: no container is called \"bax\""), 0U) << message;
  EXPECT_NE(message.find("\np.toml:5:7: gap must be a size"), std::string::npos) << message;
  EXPECT_NE(message.find("\np.toml:10:10: the source "), std::string::npos) << message;
  EXPECT_NE(message.find("\np.toml:11:9: label must be a string"), std::string::npos) << message;
  EXPECT_NE(message.find("\np.toml:12:1: unknown option \"fil\""), std::string::npos) << message;
  EXPECT_TRUE(log_.loads.empty());
}

TEST_F(PipelineTest, ProblemsOfTheSpecAreSaidTogetherWithThoseOfItsOptions) {
  SpecProblems problems;
  problems.add(nullptr, "found before");
  try {
    make_plan(read(kBare + "lable = \"x\"\n"), {}, context_, problems);
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find("p.toml:4:1: unknown option"), 0U) << message;
    EXPECT_TRUE(message.ends_with("\nfound before")) << message;
  }
  EXPECT_TRUE(log_.loads.empty());
}

TEST_F(PipelineTest, AMissingSourceIsReportedWhereItIsWritten) {
  const std::string message = failure("[filesystem]\ntype = \"fake\"\nsource = \"nowhere\"\n");
  EXPECT_TRUE(message.starts_with("p.toml:3:10: the source ")) << message;
  EXPECT_NE(message.find("does not exist"), std::string::npos) << message;
  EXPECT_TRUE(failure("[filesystem]\ntype = \"fake\"\nsource = \"missing.list\"\n").starts_with("p.toml:3:10: "));
}

TEST_F(PipelineTest, ASourceThatNobodyReadsIsReported) {
  ASSERT_EQ(::mkfifo(output("data.xyz").c_str(), 0600), 0);
  const std::string message = failure(from("data.xyz"));
  EXPECT_NE(message.find("no source plugin can read"), std::string::npos) << message;
  EXPECT_NE(message.find("list"), std::string::npos) << message;
}

TEST_F(PipelineTest, AnImageIsASource) {
  write("old.img", "a@5 b@6 ");
  plan(from("old.img"));
  plan(from("old.img") + "mtime = 7\n");
  EXPECT_EQ(log_.trees, (Strings{"a@5 b@6 ", "a@7 b@7 "}));
}

TEST_F(PipelineTest, APartitionOfAnImageIsASource) {
  write("old.img", plan(disk(partition("name = \"one\"\n", "ab.list") + partition("name = \"two\"\n", "c.list"))));
  plan(from("old.img:2"));
  plan(from("old.img:one"));
  EXPECT_EQ(Strings(log_.trees.end() - 2, log_.trees.end()), (Strings{"c@1000 ", "a@1000 b@1001 "}));
}

TEST_F(PipelineTest, TheTypeImageGoesBeforeThePlugins) {
  write("x.list", "a@5 ");
  plan(from("x.list"));
  plan("[filesystem]\ntype = \"fake\"\nsource = { path = \"x.list\", type = \"image\" }\n");
  EXPECT_EQ(log_.trees, (Strings{"x@1000 ", "a@5 "}));
}

TEST_F(PipelineTest, ASourceThatIsAnImageHasNoOptions) {
  write("old.img", "a@5 ");
  EXPECT_NE(failure("[filesystem]\ntype = \"fake\"\nsource = { path = \"old.img\", type = \"image\", part = 2 }\n")
                .find("unknown option \"part\""),
            std::string::npos);
}

TEST_F(PipelineTest, TheSeedDoesNotDependOnTheKindOfSource) {
  plan(kBare);
  write("old.img", plan(kBare));
  plan(from("old.img"));
  write("disk.img", plan(disk(partition("", "ab.list"))));
  plan(from("disk.img:1"));
  ASSERT_EQ(log_.seeds.size(), 5U);
  EXPECT_EQ(log_.seeds[2], log_.seeds[0]);
  EXPECT_EQ(log_.seeds[4], log_.seeds[0]);
}

TEST_F(PipelineTest, TroubleWithAnImageIsReportedWhereItIsWritten) {
  write("old.img", plan(disk(partition("", "ab.list") + partition("", "c.list"))));
  for (const std::string name : {"absent.img", "absent.img:1", "old.img:3", "old.img"}) {
    const std::string message = failure(from(name));
    EXPECT_TRUE(message.starts_with("p.toml:3:10: ")) << message;
    EXPECT_NE(message.find(name), std::string::npos) << message;
  }
  fs::create_directory(output("dir"));
  EXPECT_NE(failure("[filesystem]\ntype = \"fake\"\nsource = { path = \"dir\", type = \"image\" }\n")
                .find("neither a file nor a block device"),
            std::string::npos);
  EXPECT_NE(failure("[filesystem]\ntype = \"fake\"\nsource = { path = \"absent\", type = \"image\" }\n")
                .find("does not exist"),
            std::string::npos);
}

TEST_F(PipelineTest, TheOutputMayNotBeTheImageThatIsRead) {
  write("old.img", plan(disk(partition("", "ab.list"))));
  fs::create_symlink("old.img", output("symlink.img"));
  fs::create_hard_link(output("old.img"), output("hardlink.img"));
  for (const std::string source : {"old.img", "old.img:1", "symlink.img", "symlink.img:1", "hardlink.img:1"}) {
    for (const std::string target : {"old.img", "symlink.img", "hardlink.img"}) {
      EXPECT_NE(failure(from(source), output(target)).find("itself"), std::string::npos) << source << " " << target;
    }
  }
  EXPECT_EQ(log_.opened, 0U);
  plan(from("old.img:1"), output("new.img"));
}

TEST_F(PipelineTest, TwoSourcesThatAcceptAPathAskForAType) {
  EXPECT_NE(failure("[filesystem]\ntype = \"fake\"\nsource = \"both.list\"\n").find("choose one"), std::string::npos);
  plan("[filesystem]\ntype = \"fake\"\nsource = { path = \"both.list\", type = \"other\" }\n");
  EXPECT_EQ(log_.loads.size(), 1U);
}

TEST_F(PipelineTest, TheOutputMayNotLieInASource) {
  fs::create_directories(root_.path() / "dir/sub");
  fs::create_directory_symlink(root_.path() / "dir/sub", root_.path() / "link");
  const std::string text = "[filesystem]\ntype = \"fake\"\nsource = { path = \"dir\", type = \"list\" }\n";
  EXPECT_NE(failure(text, output("dir/a.img")).find("lies inside the source"), std::string::npos);
  EXPECT_NE(failure(text, output("dir/sub/a.img")).find("lies inside the source"), std::string::npos);
  EXPECT_NE(failure(text, output("link/a.img")).find("lies inside the source"), std::string::npos);
  EXPECT_NE(failure(text, output("dir")).find("is the source itself"), std::string::npos);
  EXPECT_EQ(plan(text, output("dir.img")).report.container, "raw");
}

TEST_F(PipelineTest, AFailedRunLeavesTheOldOutput) {
  std::ofstream(output("a.img")) << "old";
  const Plan made = plan(kBare, output("a.img"));
  cancelled_ = true;
  EXPECT_THROW(write_plan(made, output("a.img"), {.sync = OutputFile::Sync::Never}, context_), Error);
  EXPECT_EQ(contents(output("a.img")), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_.path()), {}), 1);
}

TEST_F(PipelineTest, CancellingStopsThePlan) {
  cancelled_ = true;
  try {
    plan(kBare);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Cancelled);
  }
}

// --- What isn't a file system ---------------------------------------------------------------------------------------

std::string text_at(const Blob& blob, std::uint64_t offset, std::size_t length) {
  std::vector<std::byte> bytes(length);
  blob.read(offset, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(PipelineTest, PayloadsLieOverTheDiskButForTheirHoles) {
  write("loader.bin", std::string(1000, 'L'));
  const Plan made =
      plan(disk("[[partitions]]\nname = \"loader\"\nin_table = false\noffset = 0\ncontent = "
                "\"loader.bin\"\nholes = [{ offset = 0, size = 500 }, { offset = 900, size = 50 }]\n" +
                partition("name = \"one\"\noffset = 1024\n", "ab.list")));
  EXPECT_EQ(text_at(*made.disk, 0, 24), "row:one,linux,1024,2048;");
  EXPECT_EQ(text_at(*made.disk, 499, 3), std::string("\0LL", 3));
  EXPECT_EQ(text_at(*made.disk, 899, 52), "L" + std::string(50, '\0') + "L");
  EXPECT_EQ(text_at(*made.disk, 999, 2), std::string("L\0", 2));
  EXPECT_EQ(text_at(*made.disk, 1024, 7), "a@1000 ");
  EXPECT_EQ(made.report.partitions[0].partition.number, 0U);
  EXPECT_EQ(made.report.partitions[0].content, "loader.bin");
}

TEST_F(PipelineTest, ContentsAreFilesImagesAndFillings) {
  write("old.box", "box:row:one,linux,1024,600;");
  {
    std::ofstream image(output("old.box"), std::ios::binary | std::ios::app);
    image.seekp(0, std::ios::end);
    image << std::string(1024 + 4 - 27, '\0') << std::string(600, 'o');
  }
  const Plan made =
      plan(disk(partition("size = 512\ncontent = { fill = 0xff }\n") +
                partition("content = { image = \"old.box:1\" }\n") + partition("content = { image = \"old.box\" }\n")));
  EXPECT_EQ(text_at(*made.disk, 1024, 2), "\xff\xff");
  EXPECT_EQ(made.report.partitions[1].partition.size, 1024U);
  EXPECT_EQ(text_at(*made.disk, 1024 + 512, 601), std::string(600, 'o') + '\0');
  EXPECT_EQ(text_at(*made.disk, 1024 + 512 + 1024, 8), "row:one,");
}

TEST_F(PipelineTest, AContentThatIsNotThereIsReportedWhereItIsWritten) {
  EXPECT_TRUE(failure(disk(partition("content = \"none.bin\"\n"))).starts_with("p.toml:5:11: "));
  EXPECT_TRUE(
      failure(disk(partition("content = { image = \"none.img:1\" }\n"))).starts_with("p.toml:5:11: the image "));
  write("a.bin", "a");
  EXPECT_NE(failure(disk(partition("content = \"a.bin\"\n")), output("a.bin")).find("is the content a.bin itself"),
            std::string::npos);
}

TEST_F(PipelineTest, SharesOfTheDiskAreWholeSectors) {
  const Plan made = plan(disk(partition("size = \"10%\"\n") + partition("size = \"50%\"\n"), "size = \"100KiB\"\n"));
  EXPECT_EQ(made.report.partitions[0].partition.size, 10U * 1024);
  EXPECT_EQ(made.report.partitions[1].partition.size, 50U * 1024);
  const Plan large = plan(disk(partition("size = \"33%\"\n"), "size = \"100MiB\"\n"));
  EXPECT_EQ(large.report.partitions[0].partition.size, 33U << 20);
}

TEST_F(PipelineTest, EntriesAreAddedToTheTree) {
  plan(from("ab.list") + "entries = [{ path = \"c\", content = \"x\" }, { path = \"d/e/f\", symlink = \"g\" }]\n");
  EXPECT_EQ(log_.trees, (Strings{"a@1000 b@1001 c@1001 d@1001 "}));
  EXPECT_NE(failure(from("ab.list") + "entries = [{ path = \"a/x\", content = \"\" }]\n").find("\"a\" is no directory"),
            std::string::npos);
  EXPECT_NE(failure(from("ab.list") + "entries = [{ path = \"x\", copy = \"none\" }]\n").find("p.toml:4:12: "),
            std::string::npos);
}

TEST_F(PipelineTest, CopiesKeepTheirTimeAndOtherEntriesHaveThatOfTheNewest) {
  write("new", "");
  fs::last_write_time(output("new"),
                      std::chrono::file_clock::from_sys(std::chrono::sys_seconds(std::chrono::hours(1))));
  plan(from("ab.list") + "entries = [{ path = \"c\", content = \"x\" }, { path = \"d\", copy = \"new\" }]\n");
  EXPECT_EQ(log_.trees, (Strings{"a@1000 b@1001 c@3600 d@3600 "}));
}

std::string derived(const std::string& from, const std::string& keys = "") {
  return partition(keys) + "[partitions.derive]\ntype = \"count\"\nfrom = \"" + from + "\"\n";
}

TEST_F(PipelineTest, WhatIsDerivedFollowsFromTheBytesOfAPartition) {
  write("data.bin", std::string(700, 'd'));
  const Plan made = plan(
      disk(partition("name = \"data\"\ncontent = \"data.bin\"\nuuid = \"n${count.data.total}\"\n") + derived("data")));
  EXPECT_EQ(text_at(*made.disk, 0, 33), "row:data,linux,1024,1024,n0700;,l");
  EXPECT_EQ(made.report.partitions[1].partition.size, 512U);
  EXPECT_EQ(text_at(*made.disk, 2048, 12), std::string("counted 700\0", 12));
  ASSERT_TRUE(made.report.partitions[1].derivation);
  EXPECT_EQ(made.report.partitions[1].derivation->from, "data");
  EXPECT_EQ(made.report.partitions[1].derivation->values.at(0).text, "0700");
}

TEST_F(PipelineTest, WhatIsDerivedFromARemainderHasRoomForTheWholeDisk) {
  write("data.bin", std::string(700, 'd'));
  const Plan made =
      plan(disk(partition("name = \"data\"\nsize = \"remaining\"\ncontent = \"data.bin\"\n") + derived("data"),
                "size = \"16KiB\"\n"));
  EXPECT_EQ(made.report.partitions[1].partition.size, 8192U);
  EXPECT_EQ(made.report.partitions[0].partition.size, 8192U - 1024);
}

TEST_F(PipelineTest, AValueThatIsNotThereIsReportedWhereItIsWritten) {
  write("data.bin", std::string(700, 'd'));
  const std::string data = partition("name = \"data\"\ncontent = \"data.bin\"\nuuid = \"${count.data.totl}\"\n");
  const std::string message = failure(disk(data + derived("data")));
  EXPECT_NE(message.find("p.toml:7:8: "), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean \"count.data.total\"?"), std::string::npos) << message;
  EXPECT_NE(failure(disk(partition("name = \"data\"\ncontent = \"data.bin\"\n") + derived("data") + derived("data")))
                .find("would be the name of two values"),
            std::string::npos);
}

TEST_F(PipelineTest, UnknownKeysOfAPartitionPointAtTheirPlace) {
  const std::string message = failure(disk(partition("sice = \"1MiB\"\n")));
  EXPECT_TRUE(message.starts_with("p.toml:5:1: ")) << message;
  EXPECT_NE(message.find("did you mean \"size\"?"), std::string::npos) << message;
}

TEST(ReportTest, SaysWhatWasBuiltInOneLine) {
  Report report;
  report.container = "qcow2";
  report.codec = "zstd";
  report.table = "gpt";
  report.virtual_size = 1536ULL << 20;
  report.partitions.resize(3);
  report.partitions[1].partition.number = 1;
  report.partitions[2].partition.number = 2;
  report.output = OutputReport{.path = "disk.qcow2",
                               .companions = {},
                               .outcome = {},
                               .file_size = 340ULL << 20,
                               .allocated_size = 0,
                               .seconds = 2.34,
                               .pieces = {}};
  EXPECT_EQ(summary_line(report), "disk.qcow2: qcow2 (zstd), 340 MiB; gpt disk with 2 partitions, 1.5 GiB; 2.3 s");
}

}  // namespace
}  // namespace fstool
