#include "spec_loader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "fake_formats.h"
#include "fstool/error.h"
#include "run_tool.h"
#include "spec_print.h"
#include "spec_toml.h"
#include "toml_text.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

class SpecLoaderTest : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) {
    const fs::path path = root_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  SpecText text(const Strings& settings = {}) {
    SpecProblems problems;
    SpecText loaded = load_spec_text(request(settings), problems);
    problems.throw_if_any();
    return loaded;
  }

  SpecRequest request(const Strings& settings = {}) {
    return {.file = root_.path() / "p.toml", .variables = variables_, .settings = settings};
  }

  /// The merged spec as TOML.
  std::string merged(const Strings& settings = {}) { return toml_text(text(settings).table); }

  std::string failure(const Strings& settings = {}) {
    try {
      text(settings);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidSpec);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
  }

  /// The spec as `--print-spec` shows it.
  std::string printed(const Strings& settings = {}) {
    test::FakeLog log;
    return print_spec(text(settings), test::make_fake_registry(log));
  }

  const Variables variables_{{"level=3", "who=me", "quiet=true"}, [](const std::string&) { return std::nullopt; }};
  test::TemporaryDirectory root_;
};

TEST_F(SpecLoaderTest, TablesAreMergedAndTheIncludingFileCountsMore) {
  write("base.toml", "seed = \"base\"\n[codec]\ntype = \"zstd\"\nlevel = 1\n");
  write("p.toml", "include = [\"base.toml\"]\n[codec]\nlevel = 19\n");
  EXPECT_EQ(merged(), "seed = \"base\"\n\n[codec]\ntype = \"zstd\"\nlevel = 19\n");
}

TEST_F(SpecLoaderTest, OfSeveralIncludesTheLaterCountsMore) {
  write("a.toml", "seed = \"a\"\n");
  write("b.toml", "seed = \"b\"\n");
  write("p.toml", "include = [\"a.toml\", \"b.toml\"]\n");
  EXPECT_EQ(merged(), "seed = \"b\"\n");
  EXPECT_EQ(text().files,
            (std::vector<fs::path>{root_.path() / "p.toml", root_.path() / "a.toml", root_.path() / "b.toml"}));
}

TEST_F(SpecLoaderTest, ElementsOfTheSameNameAreMergedAndOthersAdded) {
  write("base.toml", "[[partitions]]\nname = \"esp\"\nsize = 1\n[[partitions]]\nname = \"root\"\nsize = 2\n");
  write("p.toml",
        "include = [\"base.toml\"]\n[[partitions]]\nname = \"root\"\nsize = 3\n[[partitions]]\nsize = 4\n"
        "[[partitions]]\nname = \"data\"\n");
  EXPECT_EQ(merged(),
            "[[partitions]]\nname = \"esp\"\nsize = 1\n\n[[partitions]]\nname = \"root\"\nsize = 3\n\n"
            "[[partitions]]\nsize = 4\n\n[[partitions]]\nname = \"data\"\n");
}

TEST_F(SpecLoaderTest, OtherListsAreReplaced) {
  write("base.toml", "a = [1, 2]\nb = [{ name = \"x\" }]\n");
  write("p.toml", "include = [\"base.toml\"]\na = [3]\nb = []\n");
  EXPECT_EQ(merged(), "a = [3]\nb = []\n");
}

TEST_F(SpecLoaderTest, PathsAreRelativeToTheFileThatHasThem) {
  write("parts/base.toml",
        "[filesystem]\ntype = \"x\"\nsource = \"tree\"\n[[filesystem.entries]]\npath = \"a\"\n"
        "copy = \"../a\"\n");
  write("p.toml", "include = [\"parts/base.toml\"]\n");
  EXPECT_EQ(load_spec(request()).filesystem->sources.at(0).path, root_.path() / "parts/tree");
  EXPECT_EQ(load_spec(request()).filesystem->entries[0].copy, root_.path() / "a");
  EXPECT_EQ(load_spec(request({"filesystem.source=other"})).filesystem->sources.at(0).path, root_.path() / "other");
}

TEST_F(SpecLoaderTest, IncludesMayHaveVariables) {
  write("me.toml", "seed = \"mine\"\n");
  write("p.toml", "include = [\"${who}.toml\"]\n");
  EXPECT_EQ(merged(), "seed = \"mine\"\n");
}

TEST_F(SpecLoaderTest, AnIncludeMayBeReachedTwice) {
  write("base.toml", "seed = \"s\"\n");
  write("a.toml", "include = [\"base.toml\"]\n");
  write("p.toml", "include = [\"a.toml\", \"base.toml\"]\n");
  EXPECT_EQ(merged(), "seed = \"s\"\n");
}

TEST_F(SpecLoaderTest, ALoopIsRefusedWhereItCloses) {
  write("a.toml", "include = [\"p.toml\"]\n");
  write("p.toml", "include = [\"./a.toml\"]\n");
  const std::string message = failure();
  EXPECT_TRUE(message.starts_with((root_.path() / "a.toml").string() + ":1:12: ")) << message;
  EXPECT_NE(message.find("includes itself by way of others"), std::string::npos) << message;
  write("p.toml", "include = [\"p.toml\"]\n");
  EXPECT_NE(failure().find("p.toml includes itself\n"), std::string::npos);
}

TEST_F(SpecLoaderTest, IncludesThatDoubleComeToAnEnd) {
  for (int i = 0; i < 20; ++i) {
    const std::string next = "\"" + std::to_string(i + 1) + ".toml\"";
    write(std::to_string(i) + ".toml", "include = [" + next + ", " + next + "]\n");
  }
  write("20.toml", "");
  write("p.toml", "include = [\"0.toml\"]\n");
  EXPECT_NE(failure().find("more than 64 files"), std::string::npos);
}

TEST_F(SpecLoaderTest, WhatIsWrongWithIncludesIsAllSaid) {
  write("bad.toml", "a = \n");
  write("p.toml", "include = [\"none.toml\", \"bad.toml\", 3]\n");
  const std::string message = failure();
  EXPECT_NE(message.find("p.toml:1:12: "), std::string::npos) << message;
  EXPECT_NE(message.find("bad.toml:1:"), std::string::npos) << message;
  EXPECT_NE(message.find("p.toml:1:37: include must be a string"), std::string::npos) << message;
  write("p.toml", "include = \"base.toml\"\n");
  EXPECT_NE(failure().find("include must be a list of files, not a string"), std::string::npos);
}

TEST_F(SpecLoaderTest, SettingsReachTablesNamesAndNumbers) {
  write("p.toml", "[image]\nsize = 1\n[[partitions]]\nname = \"root\"\n[[partitions]]\nname = \"a.b\"\n");
  EXPECT_EQ(merged({"image.size=2GiB", "partitions.root.size=4KiB", "partitions.\"a.b\".type=linux",
                    "partitions.1.align=512", "codec.type=zstd", "seed=a=b"}),
            "seed = \"a=b\"\n\n[image]\nsize = \"2GiB\"\n\n[[partitions]]\nname = \"root\"\nsize = \"4KiB\"\n\n"
            "[[partitions]]\nname = \"a.b\"\ntype = \"linux\"\nalign = \"512\"\n\n[codec]\ntype = \"zstd\"\n");
}

TEST_F(SpecLoaderTest, SettingsMayBeTomlAndHaveVariables) {
  write("p.toml", "a = 1\n");
  EXPECT_EQ(merged({"a=[1, true]", "b={ c = \"x\" }", "d='y'", "e=${who}", "f="}),
            "a = [1, true]\nd = \"y\"\ne = \"me\"\nf = \"\"\n\n[b]\nc = \"x\"\n");
}

TEST_F(SpecLoaderTest, WrongSettingsPointAtThemselves) {
  write("p.toml", "seed = \"s\"\n[[partitions]]\nname = \"root\"\n");
  EXPECT_EQ(
      failure({"partitions.rot.size=1"}),
      "--set partitions.rot.size=1: partitions has no element \"rot\" (did you mean \"root\"?): it has 1, from 0, "
      "named root");
  EXPECT_EQ(failure({"partitions.1.size=1"}).find("--set partitions.1.size=1: "), 0U);
  EXPECT_EQ(failure({"seed.x=1"}), "--set seed.x=1: seed is a string, in which there is no \"x\"");
  for (const char* setting :
       {"seed", "=1", ".a=1", "a.=1", "a..b=1", "\"a=1", "a=[1", "a=\"x", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1"}) {
    EXPECT_EQ(failure({setting}).find("--set " + std::string(setting) + ":"), 0U) << setting;
  }
}

TEST_F(SpecLoaderTest, ReadingASettingPointsAtIt) {
  write("p.toml", "[filesystem]\ntype = \"x\"\n");
  try {
    load_spec(request({"filesystem.size=much"}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("--set filesystem.size=much: size must be"), 0U) << error.what();
  }
}

TEST_F(SpecLoaderTest, PrintsWhatBuildsTheSame) {
  write("parts/base.toml", "[filesystem]\ntype = \"fake\"\nsource = \"ab.list\"\n");
  write("p.toml",
        "include = [\"parts/base.toml\"]\nseed = \"$${x}\"\n[filesystem]\nmtime = \"${level}\"\n"
        "label = \"${level}\"\n[[filesystem.entries]]\npath = \"a\"\ncontent = \"${count.root.total} \\\"\\n\\u0001\"\n"
        "uid = \"${level}\"\n[[filesystem.entries]]\npath = \"d\"\ndirectory = \"${quiet}\"\n");
  const std::string source = (root_.path() / "parts/ab.list").string();
  const std::string expected =
      "seed = \"$${x}\"\n\n[filesystem]\ntype = \"fake\"\nsource = \"" + source +
      "\"\nmtime = 3\nlabel = \"3\"\n\n[[filesystem.entries]]\npath = \"a\"\n"
      "content = \"${count.root.total} \\\"\\n\\u0001\"\nuid = 3\n\n[[filesystem.entries]]\npath = \"d\"\n"
      "directory = true\n";
  EXPECT_EQ(printed(), expected);
  write("p.toml", expected);
  EXPECT_EQ(printed(), expected);
}

TEST_F(SpecLoaderTest, PrintsThePathsOfLayersFromTheRoot) {
  write("parts/base.toml", "[[filesystem.source]]\npath = \"a.list\"\nto = \"x\"\n");
  write("p.toml",
        "include = [\"parts/base.toml\"]\n[filesystem]\ntype = \"fake\"\n[[filesystem.source]]\npath = \"-\"\n"
        "[[filesystem.source]]\npath = \"b.list\"\nfrom = \"y\"\n");
  const std::string root = root_.path().string();
  EXPECT_EQ(printed(), "[filesystem]\ntype = \"fake\"\n\n[[filesystem.source]]\npath = \"" + root +
                           "/parts/a.list\"\nto = \"x\"\n\n[[filesystem.source]]\npath = \"-\"\n\n"
                           "[[filesystem.source]]\npath = \"" +
                           root + "/b.list\"\nfrom = \"y\"\n");
  write("p.toml",
        "[filesystem]\ntype = \"fake\"\nselinux_contexts = \"c\"\nsource = { path = \"a\", manifest = \"m\" }\n");
  EXPECT_EQ(printed(), "[filesystem]\ntype = \"fake\"\nselinux_contexts = \"" + root +
                           "/c\"\n\n[filesystem.source]\npath = \"" + root + "/a\"\nmanifest = \"" + root + "/m\"\n");
  write("p.toml", "[filesystem]\ntype = \"fake\"\nsource = [\"a.list\", \"-\"]\n");
  EXPECT_EQ(printed(), "[filesystem]\ntype = \"fake\"\nsource = [\"" + root + "/a.list\", \"-\"]\n");
}

TEST(TomlTextTest, ParsesToTheSameValues) {
  const std::string text =
      "a = 1\nb = -2.5\nc = true\n\"d e\" = \"\\\\ \\t \xc3\xa4\"\nf = [[1], [], { g = {} }]\nh = 1.0\ni = inf\n\n"
      "[j]\n\n[j.k]\nl = 1\n\n[[j.m]]\nn = 1\n\n[[j.m]]\n\n[[j.m.o]]\np = 1\n";
  EXPECT_EQ(toml_text(parse_toml(text, "t.toml")), text);
}

TEST(SpecProblemsTest, SortsByPlaceAndSaysEachOnce) {
  const auto at = [](const std::string& file, std::uint32_t line) {
    return std::make_shared<const SpecLocation>(
        SpecLocation{.file = file, .line = line, .column = 1, .line_text = "x"});
  };
  SpecProblems problems;
  EXPECT_NO_THROW(problems.throw_if_any());
  problems.add(at("a", 2), "second");
  problems.add(at("b", 1), "third");
  problems.add(at("a", 1), "first");
  problems.add(at("a", 1), "first");
  problems.add(nullptr, "last");
  const auto closed = at("a", 3);
  problems.close(closed);
  problems.add(closed, "nothing");
  EXPECT_THROW(problems.collect(nullptr, [] { throw Error(ErrorCode::Io, "disk"); }), Error);
  try {
    problems.throw_if_any();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "a:1:1: first\nx\n^\na:2:1: second\nx\n^\nb:1:1: third\nx\n^\nlast");
  }
}

TEST(SpecProblemsTest, OfManySaysHowManyMore) {
  SpecProblems problems;
  for (int i = 0; i < 60; ++i) problems.add(nullptr, "problem " + std::to_string(i));
  try {
    problems.throw_if_any();
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).ends_with("problem 49\nand 10 more")) << error.what();
  }
}

}  // namespace
}  // namespace fstool
