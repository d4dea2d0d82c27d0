#include "spec.h"

#include <gtest/gtest.h>

#include <fstream>

#include "fstool/error.h"
#include "run_tool.h"
#include "spec_loader.h"
#include "spec_toml.h"
#include "variables.h"

namespace fstool {
namespace {

Spec read(const std::string& text) {
  OptionTable table = parse_toml(text, "p.toml");
  Variables({}, [](const std::string&) { return std::optional<std::string>(); }).expand(table);
  return read_spec(table, {.file = "p.toml", .directory = "specs"});
}

/// The message that reading `text` fails with.
std::string failure(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidSpec);
    return error.what();
  }
  ADD_FAILURE() << "no error for:\n" << text;
  return {};
}

constexpr char kDisk[] = R"(
seed = "s"
[container]
type = "qcow2"
cluster_size = "64KiB"
[codec]
type = "zstd"
level = 3
[image]
partition_table = "gpt"
size = "4GiB"
sector_size = 4096
alignment = "2MiB"
[[partitions]]
name = "root"
type = 0x83
offset = "1MiB"
[partitions.filesystem]
type = "ext4"
source = "./rootfs"
block_size = 4096
mtime = 1700000000
rootdevs = "minimal"
free = "20%"
[partitions.filesystem.options]
volume_label = "ROOT"
[[partitions]]
type = "swap"
size = "remaining"
)";

TEST(SpecTest, ReadsADisk) {
  const Spec spec = read(kDisk);
  EXPECT_EQ(spec.seed, "s");
  ASSERT_TRUE(spec.container);
  EXPECT_EQ(spec.container->type, "qcow2");
  ASSERT_EQ(spec.container->options.size(), 1U);
  EXPECT_EQ(spec.container->options[0].key, "cluster_size");
  ASSERT_TRUE(spec.codec);
  EXPECT_EQ(spec.codec->type, "zstd");
  ASSERT_TRUE(spec.image);
  EXPECT_EQ(spec.image->table.type, "gpt");
  EXPECT_EQ(spec.image->size.bytes, 4ULL << 30);
  EXPECT_EQ(spec.image->sector_size, 4096U);
  ASSERT_EQ(spec.image->table.options.size(), 1U);
  EXPECT_EQ(spec.image->table.options[0].key, "alignment");
  ASSERT_EQ(spec.partitions.size(), 2U);
  const PartitionChoice& root = spec.partitions[0];
  EXPECT_EQ(root.name, "root");
  EXPECT_EQ(root.type, "0x83");
  EXPECT_EQ(root.offset, 1ULL << 20);
  EXPECT_EQ(root.size.kind, SizeChoice::Kind::Auto);
  ASSERT_TRUE(root.filesystem);
  EXPECT_EQ(root.filesystem->format.type, "ext4");
  EXPECT_EQ(root.filesystem->sources.at(0).path, "specs/rootfs");
  EXPECT_EQ(root.filesystem->sources.at(0).written, "./rootfs");
  EXPECT_EQ(root.filesystem->mtime, (Timestamp{1700000000, 0}));
  EXPECT_EQ(root.filesystem->rootdevs, RootDevices::Minimal);
  EXPECT_EQ(root.filesystem->free.percent, 20U);
  ASSERT_EQ(root.filesystem->format.options.size(), 2U);
  EXPECT_EQ(root.filesystem->format.options[0].key, "block_size");
  EXPECT_EQ(root.filesystem->format.options[1].key, "volume_label");
  EXPECT_EQ(spec.partitions[1].size.kind, SizeChoice::Kind::Remaining);
}

TEST(SpecTest, ReadsABareFileSystem) {
  const Spec spec = read("[filesystem]\ntype = \"ext4\"\nsource = \"/srv/root\"\nsize = \"512MiB\"\n");
  ASSERT_TRUE(spec.filesystem);
  EXPECT_EQ(spec.filesystem->sources.at(0).path, "/srv/root");
  EXPECT_EQ(spec.filesystem->size->bytes, 512ULL << 20);
  EXPECT_FALSE(spec.image);
}

TEST(SpecTest, ReadsASourceTable) {
  const Spec spec = read("[filesystem]\ntype = \"x\"\nsource = { path = \"a.tar\", type = \"tar\", strip = 1 }\n");
  EXPECT_EQ(spec.filesystem->sources.at(0).type, "tar");
  EXPECT_EQ(spec.filesystem->sources.at(0).path, "specs/a.tar");
  ASSERT_EQ(spec.filesystem->sources.at(0).options.size(), 1U);
  EXPECT_EQ(spec.filesystem->sources.at(0).options[0].key, "strip");
}

TEST(SpecTest, PointsAtAnUnknownKey) {
  EXPECT_EQ(
      failure("[image]\npartition_table = \"gpt\"\n[[partitions]]\nin_table = false\n  sice = \"1MiB\"\nsize = 1\n"),
      "p.toml:5:3: unknown key \"sice\" in [[partitions]] (did you mean \"size\"?)\n"
      "  sice = \"1MiB\"\n"
      "  ^");
}

TEST(SpecTest, PointsAtAnUnknownTable) {
  EXPECT_EQ(failure("[filesystem]\ntype = \"ext4\"\n\n[conteiner]\ntype = \"raw\"\n"),
            "p.toml:4:1: unknown key \"conteiner\" in the spec (did you mean \"container\"?)\n"
            "[conteiner]\n"
            "^");
}

TEST(SpecTest, PointsAtAKeyOfAnInlineTable) {
  EXPECT_EQ(failure("image = { partition_table = 7 }\npartitions = [{ type = \"linux\", size = 1 }]\n"),
            "p.toml:1:29: partition_table must be a string, not an integer\n"
            "image = { partition_table = 7 }\n"
            "                            ^");
}

TEST(SpecTest, SaysWhatAWrongValueShouldBe) {
  const auto filesystem = [](const std::string& line) { return failure("[filesystem]\ntype = \"x\"\n" + line + "\n"); };
  EXPECT_NE(filesystem("size = \"big\"").find("p.toml:3:8: size must be \"auto\" or a size such as \"512MiB\", not"),
            std::string::npos);
  EXPECT_NE(filesystem("size = 0").find("size must be"), std::string::npos);
  EXPECT_NE(filesystem("size = \"remaining\"").find("size must be"), std::string::npos);
  EXPECT_NE(filesystem("source = 3").find("source must be a path or a table"), std::string::npos);
  EXPECT_NE(filesystem("source = \"\"").find("source must not be empty"), std::string::npos);
  EXPECT_NE(filesystem("source = \"a\\u0000b\"").find("NUL"), std::string::npos);
  EXPECT_NE(filesystem("free = \"96%\"").find("free must be"), std::string::npos);
  EXPECT_NE(filesystem("free = \"-1%\"").find("free must be"), std::string::npos);
  EXPECT_NE(filesystem("mtime = \"now\"").find("mtime must be"), std::string::npos);
  EXPECT_NE(filesystem("rootdevs = \"some\"").find("rootdevs"), std::string::npos);
  EXPECT_NE(filesystem("mtime = 1979-05-27T07:32:00Z").find("dates and times"), std::string::npos);
  EXPECT_NE(filesystem("options = 1").find("options must be a table"), std::string::npos);
}

TEST(SpecTest, SaysAllThatIsWrongInTheOrderOfTheText) {
  EXPECT_EQ(failure("[image]\npartition_table = 1\nsize = \"big\"\n[[partitions]]\nsize = \"small\"\nname = 3\n"
                    "[filesystem]\nfree = 1.5\n[conteiner]\n"),
            "p.toml:2:19: partition_table must be a string, not an integer\n"
            "partition_table = 1\n"
            "                  ^\n"
            "p.toml:3:8: size must be \"auto\" or a size such as \"512MiB\", not \"big\"\n"
            "size = \"big\"\n"
            "       ^\n"
            "p.toml:4:1: [[partitions]] needs a type\n"
            "[[partitions]]\n"
            "^\n"
            "p.toml:5:8: size must be \"auto\", \"remaining\", a size such as \"512MiB\", or a share of the disk from "
            "\"1%\" to \"100%\", not \"small\"\n"
            "size = \"small\"\n"
            "       ^\n"
            "p.toml:6:8: name must be a string, not an integer\n"
            "name = 3\n"
            "       ^\n"
            "p.toml:7:1: [filesystem] needs a type\n"
            "[filesystem]\n"
            "^\n"
            "p.toml:7:1: [filesystem] makes a bare file system and can't be combined with [image] and "
            "[[partitions]]: put it into a partition as [partitions.filesystem]\n"
            "[filesystem]\n"
            "^\n"
            "p.toml:8:8: free must be a size such as \"64MiB\" or a share from \"0%\" to \"95%\", not a float\n"
            "free = 1.5\n"
            "       ^\n"
            "p.toml:9:1: unknown key \"conteiner\" in the spec (did you mean \"container\"?)\n"
            "[conteiner]\n"
            "^");
}

TEST(SpecTest, RefusesAKeyThatIsAlsoInOptions) {
  EXPECT_NE(
      failure("[filesystem]\ntype = \"x\"\nlabel = \"a\"\n[filesystem.options]\nlabel = \"b\"\n").find("p.toml:5:1"),
      std::string::npos);
  EXPECT_NE(failure("[filesystem]\ntype = \"x\"\nmtime = 1\noptions = { mtime = 2 }\n").find("p.toml:4:13"),
            std::string::npos);
}

TEST(SpecTest, RefusesImpossibleCombinations) {
  const std::string image = "[image]\npartition_table = \"gpt\"\n";
  EXPECT_NE(failure(image).find("[image] needs at least one [[partitions]]"), std::string::npos);
  EXPECT_NE(failure("partitions = []\n" + image).find("needs at least one"), std::string::npos);
  EXPECT_NE(failure("[[partitions]]\ntype = \"linux\"\nsize = 1\n").find("needs an [image]"), std::string::npos);
  EXPECT_NE(failure("[filesystem]\ntype = \"x\"\n" + image + "[[partitions]]\ntype = \"linux\"\nsize = 1\n")
                .find("can't be combined"),
            std::string::npos);
  EXPECT_NE(failure("").find("nothing to build"), std::string::npos);
  EXPECT_NE(failure("[filesystem]\nsource = \"x\"\n").find("[filesystem] needs a type"), std::string::npos);
  EXPECT_NE(failure("[image]\nsize = \"auto\"\n").find("[image] needs a partition_table"), std::string::npos);
}

TEST(SpecTest, RefusesPartitionsWithoutAPossibleSize) {
  const std::string image = "[image]\npartition_table = \"gpt\"\n";
  const std::string fixed = image + "size = \"1GiB\"\n";
  const std::string partition = "[[partitions]]\ntype = \"linux\"\n";
  EXPECT_NE(failure(image + "[[partitions]]\nin_table = false\noffset = 0\n").find("needs a size"), std::string::npos);
  EXPECT_NE(failure(image + partition + "content = { fill = 0 }\n").find("p.toml:5:11: what is filled needs a size"),
            std::string::npos);
  EXPECT_NE(failure(image + partition + "size = \"10%\"\n").find("a share of the disk means nothing"),
            std::string::npos);
  EXPECT_NE(failure(fixed + partition + "size = \"101%\"\n").find("from \"1%\" to \"100%\""), std::string::npos);
  EXPECT_NE(failure(image + partition + "size = \"remaining\"\n").find("\"remaining\" means nothing"),
            std::string::npos);
  EXPECT_NE(failure(fixed + partition + "size = \"remaining\"\n" + partition + "size = \"remaining\"\n")
                .find("only one partition"),
            std::string::npos);
  EXPECT_NE(failure(fixed + "[[partitions]]\nsize = 1\ntype = 256\n").find("from 0x00 to 0xff"), std::string::npos);
}

TEST(SpecTest, ReadsPayloadsAndPlaces) {
  const Spec spec = read(R"([image]
partition_table = "gpt"
boot_code = "boot.img"
[[partitions]]
name = "loader"
in_table = false
offset = 0
align = 512
content = "u-boot.bin"
holes = [{ offset = 440, size = "72" }, { offset = "1KiB", size = "16KiB" }]
[[partitions]]
type = "linux"
gap = "4MiB"
size = "1MiB"
label = "spare"
uuid = "${verity.root.hash}"
content = { image = "old.img:2" }
bootable = true
)");
  ASSERT_EQ(spec.partitions.size(), 2U);
  EXPECT_EQ(spec.image->boot_code->path, "specs/boot.img");
  const PartitionChoice& loader = spec.partitions[0];
  EXPECT_FALSE(loader.in_table);
  EXPECT_EQ(loader.offset, 0U);
  EXPECT_EQ(loader.align, 512U);
  EXPECT_EQ(loader.content->kind, ContentChoice::Kind::File);
  EXPECT_EQ(loader.content->path, "specs/u-boot.bin");
  ASSERT_EQ(loader.holes.size(), 2U);
  EXPECT_EQ(loader.holes[0].offset, 440U);
  EXPECT_EQ(loader.holes[1].size, 16384U);
  const PartitionChoice& spare = spec.partitions[1];
  EXPECT_EQ(spare.gap, 4U << 20);
  EXPECT_EQ(spare.label, "spare");
  EXPECT_TRUE(spare.uuid.is_deferred());
  EXPECT_EQ(spare.uuid.written(), "${verity.root.hash}");
  EXPECT_EQ(spare.content->kind, ContentChoice::Kind::Image);
  EXPECT_EQ(spare.content->path, "specs/old.img:2");
  ASSERT_EQ(spare.options.size(), 1U);
  EXPECT_EQ(spare.options[0].key, "bootable");
}

TEST(SpecTest, RefusesContradictionsAboutAPartition) {
  const std::string image = "[image]\npartition_table = \"gpt\"\n[[partitions]]\n";
  const auto refused = [&](const std::string& keys) { return failure(image + keys); };
  EXPECT_NE(refused("size = 1\n").find("[[partitions]] needs a type"), std::string::npos);
  EXPECT_NE(refused("in_table = false\ntype = \"linux\"\nsize = 1\n").find("has no type, label or uuid"),
            std::string::npos);
  EXPECT_NE(refused("type = \"linux\"\nsize = 1\nholes = []\n").find("holes are for payloads"), std::string::npos);
  EXPECT_NE(refused("type = \"linux\"\nsize = 1\noffset = 512\ngap = 1\n").find("a gap has no meaning"),
            std::string::npos);
  EXPECT_NE(refused("type = \"linux\"\ncontent = \"a\"\n[partitions.derive]\ntype = \"verity\"\nfrom = \"a\"\n")
                .find("has one of content"),
            std::string::npos);
  EXPECT_NE(refused("type = \"linux\"\n[partitions.derive]\ntype = \"verity\"\nfrom = \"root\"\n")
                .find("no partition before this one has the name \"root\""),
            std::string::npos);
  EXPECT_NE(refused("type = \"linux\"\nsize = 1\ncontent = { file = \"a\", fill = 1 }\n").find("needs one of"),
            std::string::npos);
  EXPECT_NE(refused("type = \"linux\"\nsize = 1\nname = \"${verity.root.hash}\"\n").find("not in name"),
            std::string::npos);
}

TEST(SpecTest, ReadsEntries) {
  const Spec spec = read(R"([filesystem]
type = "x"
entries = [
  { path = "/etc/motd", content = "hello", mode = "0600", uid = 5, gid = 6 },
  { path = "bin/sh", copy = "busybox", mode = 0o755 },
  { path = "sbin", symlink = "bin" },
  { path = "proc", directory = true },
])");
  const auto& entries = spec.filesystem->entries;
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].content.written(), "hello");
  EXPECT_EQ(entries[0].permissions, 0600);
  EXPECT_EQ(entries[0].group->id, 6U);
  EXPECT_EQ(entries[1].copy, "specs/busybox");
  EXPECT_EQ(entries[1].permissions, 0755);
  EXPECT_EQ(entries[2].target, "bin");
  EXPECT_EQ(entries[3].kind, EntryChoice::Kind::Directory);
  const auto refused = [&](const std::string& entry) {
    return failure("[filesystem]\ntype = \"x\"\nentries = [" + entry + "]\n");
  };
  EXPECT_NE(refused("{ path = \"a\" }").find("an entry needs one of"), std::string::npos);
  EXPECT_NE(refused("{ path = \"a/../b\", content = \"\" }").find("has a \"..\""), std::string::npos);
  EXPECT_NE(refused("{ path = \"/\", directory = true }").find("below the root"), std::string::npos);
  EXPECT_NE(refused("{ path = \"a\", content = \"\", mode = \"0888\" }").find("mode must be octal"), std::string::npos);
  EXPECT_NE(refused("{ path = \"a\", content = \"\", mode = 755 }").find("write \"0755\" or 0o755"), std::string::npos);
}

TEST(SpecTest, ReportsSyntaxErrorsInItsOwnForm) {
  const std::string message = failure("[image]\npartition_table \"gpt\"\n");
  EXPECT_TRUE(message.starts_with("p.toml:2:")) << message;
  EXPECT_NE(message.find("\npartition_table \"gpt\"\n"), std::string::npos) << message;
  EXPECT_EQ(message.find("toml::"), std::string::npos) << message;
  EXPECT_EQ(message.find("[error]"), std::string::npos) << message;
}

TEST(SpecTest, SurvivesTextThatIsNotToml) {
  for (const char* text : {"[", "=", "a =", "a = [1,", "\"", "a = \"\\q\"", "a = 1\na = 2", "[a]\n[a]", "a = 1e999",
                           "a = 99999999999999999999", "a.b = 1\na = 2", "[[a]]\n[a]", "a = \xff", "a = { b = 1\n}"}) {
    EXPECT_TRUE(failure(text).starts_with("p.toml")) << text;
  }
  EXPECT_NE(failure(std::string("a = 1\0", 6)).find("p.toml:1:6"), std::string::npos);
}

TEST(SpecTest, RefusesNestingThatWouldExhaustTheStack) {
  const std::string many(100'000, '[');
  EXPECT_TRUE(failure("a = " + many).find("nested too deeply") != std::string::npos);
  std::string dotted = "a";
  for (int i = 0; i < 50'000; ++i) dotted += ".a";
  EXPECT_TRUE(failure(dotted + " = 1").find("nested too deeply") != std::string::npos);
  EXPECT_TRUE(failure("[" + dotted + "]").find("nested too deeply") != std::string::npos);
}

TEST(SpecTest, RefusesLinesThatNobodyWrites) {
  EXPECT_EQ(failure("seed = \"s\"\na = \"" + std::string(9000, 'x') + "\"\n").substr(0, 48),
            "p.toml:2:1: a line of more than 8192 bytes\na = \"");
}

TEST(SpecTest, BracketsInStringsAndCommentsAreNotNesting) {
  const std::string many(1000, '[');
  const Spec spec = read("# " + many + "\nseed = '" + many + "'\n[filesystem]\ntype = \"x\"\nlabel = \"\"\"" + many +
                         "\n\"" + many + "\"\"\"\"\n");
  EXPECT_EQ(spec.seed, many);
}

class SpecFileTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    const auto path = root_.path() / "p.toml";
    std::ofstream(path) << text;
    return path;
  }
  Spec load(const std::string& text) {
    return load_spec({.file = write(text), .variables = variables_, .settings = {}});
  }
  const Variables variables_{{"who=me"}, [](const std::string&) { return std::nullopt; }};
  test::TemporaryDirectory root_;
};

TEST_F(SpecFileTest, PathsAreRelativeToTheFileAndVariablesAreReplaced) {
  const Spec spec = load("[filesystem]\ntype = \"x\"\nsource = \"${who}/root\"\n");
  EXPECT_EQ(spec.filesystem->sources.at(0).path, root_.path() / "me/root");
}

TEST_F(SpecFileTest, AHugeFileIsNotRead) { EXPECT_THROW(load(std::string(300 * 1024, '\n')), Error); }

TEST_F(SpecFileTest, AMissingFileIsNamed) {
  try {
    load_spec({.file = root_.path() / "none.toml", .variables = variables_, .settings = {}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_NE(std::string(error.what()).find("none.toml"), std::string::npos);
  }
}

}  // namespace
}  // namespace fstool
