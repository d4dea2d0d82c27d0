#include "source_loader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fake_formats.h"
#include "fstool/error.h"
#include "run_tool.h"
#include "spec_toml.h"
#include "tree_sketch.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;
using test::Lines;
using test::lines_of;

/// The source "sketch": files that end in ".sketch", as layer_of() reads their lines.
class SketchSource : public Source {
 public:
  Layer load(const SourceInput& input, Context& /*context*/) override {
    const BlobPtr file = input.open();
    const std::vector<std::byte> bytes = read_all(*file, file->size());
    std::istringstream text(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    Lines lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    Layer layer = test::layer_of(lines);
    layer.description = fmt::format("{{\"lines\": {}}}", lines.size());
    return layer;
  }
};

Format<Source> sketch_format() {
  auto format = make_format<Source>("sketch", "Lines.", OptionSet<NoOptions>(),
                                    [](NoOptions) { return std::make_unique<SketchSource>(); });
  format.info.claim = [](const SourceInput& input) {
    return input.path.extension() == ".sketch" ? Claim::General : Claim::None;
  };
  return format;
}

class SourceLoaderTest : public testing::Test {
 protected:
  SourceLoaderTest() { registry_.add(sketch_format()); }

  void sketch(const std::string& name, const Lines& lines) {
    std::ofstream file(root_.path() / (name + ".sketch"));
    for (const std::string& line : lines) file << line << '\n';
  }

  void write(const std::string& name, const std::string& text) { std::ofstream(root_.path() / name) << text; }

  FilesystemChoice choice(const std::string& source) const {
    const OptionTable table = parse_toml("type = \"fake\"\nsource = " + source + "\n", "p.toml");
    return read_filesystem(table, "[filesystem]", nullptr, {.file = "p.toml", .directory = root_.path()});
  }

  LoadedTree load(const std::string& source, const fs::path& output = {}) {
    SourceLoader loader(context_, output, values_);
    const FilesystemChoice filesystem = choice(source);
    SpecProblems problems;
    loader.check(filesystem, problems);
    problems.throw_if_any();
    return loader.load(filesystem);
  }

  Lines lines(const std::string& source) { return lines_of(*load(source).tree); }

  std::string failure(const std::string& source, const fs::path& output = {}) {
    try {
      load(source, output);
    } catch (const Error& error) {
      return error.what();
    }
    ADD_FAILURE() << "no error for " << source;
    return {};
  }

  test::TemporaryDirectory root_;
  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  std::vector<fs::path> inputs_;
  Context context_{registry_,
                   {.threads = 1, .source_date_epoch = 99, .input_listener = [this](const fs::path& path, InputUse) {
                      inputs_.push_back(path.filename());
                    }}};
  DeferredValues values_;
};

TEST_F(SourceLoaderTest, LayersLieOverOneAnotherFromTheFirstOn) {
  sketch("base", {"d etc 1", "f etc/a old", "f b", "w device"});
  sketch("patch", {"f etc/a new", "f .wh.b", "f etc/c"});
  EXPECT_EQ(lines("[\"base.sketch\", \"patch.sketch\"]"), (Lines{"d etc 1", "f etc/a new", "f etc/c"}));
  EXPECT_EQ(lines("[\"base.sketch\", { path = \"patch.sketch\", whiteouts = \"none\" }]"),
            (Lines{"f .wh.b", "f b", "d etc 1", "f etc/a new", "f etc/c"}));
  EXPECT_EQ(lines("\"base.sketch\""), (Lines{"f b", "w device", "d etc 1", "f etc/a old"}));
  EXPECT_EQ(lines("{ path = \"base.sketch\", whiteouts = \"overlayfs\" }"), (Lines{"f b", "d etc 1", "f etc/a old"}));
}

TEST_F(SourceLoaderTest, APartGoesToAPlace) {
  sketch("a", {"r 1", "d etc 2", "f etc/x text", "h etc/y etc/x", "s link etc"});
  EXPECT_EQ(lines("{ path = \"a.sketch\", from = \"/etc\" }"), (Lines{"f x text", "h y x"}));
  EXPECT_EQ(lines("{ path = \"a.sketch\", from = \"link\", to = \"/opt/b/\" }"),
            (Lines{"d opt", "d opt/b 2", "f opt/b/x text", "h opt/b/y opt/b/x"}));
  EXPECT_EQ(lines("{ path = \"a.sketch\", to = \"opt\" }"),
            (Lines{"d opt 1", "d opt/etc 2", "s opt/link etc", "f opt/etc/x text", "h opt/etc/y opt/etc/x"}));
  EXPECT_EQ(lines("{ path = \"a.sketch\", from = \"etc/y\", to = \"/srv/z\" }"), (Lines{"d srv", "f srv/z text"}));
  EXPECT_EQ(lines("{ path = \"a.sketch\", from = \"etc/y\", to = \"/srv/\" }"), (Lines{"d srv", "f srv/y text"}));
  EXPECT_EQ(lines("{ path = \"a.sketch\", to = \"/\" }"), lines("\"a.sketch\""));
}

TEST_F(SourceLoaderTest, DirectoriesThatLeadToAPlaceAreImplied) {
  sketch("base", {"d opt 7", "s srv opt", "f file"});
  sketch("x", {"f a"});
  EXPECT_EQ(lines("[\"base.sketch\", { path = \"x.sketch\", to = \"/srv/x\" }]"),
            (Lines{"f file", "d opt 7", "s srv opt", "d opt/x", "f opt/x/a"}));
  EXPECT_EQ(lines("[\"base.sketch\", { path = \"x.sketch\", to = \"/file/x\" }]"),
            (Lines{"d file", "d opt 7", "s srv opt", "d file/x", "f file/x/a"}));
}

TEST_F(SourceLoaderTest, ImpliedDirectoriesHaveTheTimeOfWhatTheyLeadTo) {
  write("kernel", "text");
  ASSERT_EQ(::chmod((root_.path() / "kernel").c_str(), 0751), 0);
  const timespec times[] = {{5, 0}, {1234, 56}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_.path() / "kernel").c_str(), times, 0), 0);
  const LoadedTree loaded = load("{ path = \"kernel\", to = \"/boot/vmlinuz\" }");
  const Tree& tree = *loaded.tree;
  const Timestamp expected{1234, 56};
  EXPECT_EQ(tree.node(Tree::kRoot).mtime, expected);
  EXPECT_EQ(tree.node(*tree.find_path("boot")).mtime, expected);
  const Node& file = tree.node(*tree.find_path("boot/vmlinuz"));
  EXPECT_EQ(file.mtime, expected);
  EXPECT_EQ(file.permissions, 0751);
  EXPECT_EQ(file.uid, ::getuid());
  EXPECT_EQ(file.gid, ::getgid());
}

TEST_F(SourceLoaderTest, AFileThatNothingReadsIsPlaced) {
  write("kernel", "text");
  write("old.img", "a@5 ");
  EXPECT_EQ(lines("{ path = \"kernel\", to = \"/boot/k\" }"), (Lines{"d boot", "f boot/k text"}));
  EXPECT_EQ(lines("{ path = \"kernel\", to = \"/boot/\" }"), (Lines{"d boot", "f boot/kernel text"}));
  EXPECT_EQ(lines("{ path = \"kernel\", to = \"/k\" }"), (Lines{"f k text"}));
  EXPECT_EQ(lines("{ path = \"kernel\", to = \"/\" }"), (Lines{"f kernel text"}));
  EXPECT_EQ(lines("{ path = \"old.img\", to = \"/x\" }"), (Lines{"d x", "f x/a"})) << "an image is an image";
  EXPECT_EQ(lines("{ path = \"old.img\", to = \"/x\", type = \"file\" }"), (Lines{"f x a@5 "}));
  EXPECT_NE(failure("\"kernel\"").find("neither a file system nor a partition table"), std::string::npos);
  EXPECT_NE(failure("{ path = \"kernel\", type = \"image\", to = \"/x\" }").find("neither a file system"),
            std::string::npos);
  sketch("a", {"f text"});
  EXPECT_EQ(lines("{ path = \"a.sketch\", type = \"file\", to = \"/a\" }"), (Lines{"f a f text\n"}));
}

TEST_F(SourceLoaderTest, AFileReplacesAFile) {
  sketch("base", {"f boot/k old", "d keep"});
  write("kernel", "new");
  EXPECT_EQ(lines("[\"base.sketch\", { path = \"kernel\", to = \"boot/k\" }]"),
            (Lines{"d boot", "d keep", "f boot/k new"}));
}

TEST_F(SourceLoaderTest, ErrorsPointAtTheirPlace) {
  sketch("a", {"f b"});
  fs::create_directory(root_.path() / "dir");
  EXPECT_TRUE(failure("[\"a.sketch\", \"none\"]").starts_with("p.toml:2:23: the source "))
      << failure("[\"a.sketch\", \"none\"]");
  const std::string part = failure("{ path = \"a.sketch\", from = \"/etc\" }");
  EXPECT_TRUE(part.starts_with("p.toml:2:38: a.sketch: there is no /etc")) << part;
  const std::string file = failure("{ path = \"a.sketch\", from = \"/b\" }");
  EXPECT_TRUE(file.starts_with("p.toml:2:38: /b is a file: say where it goes")) << file;
  EXPECT_NE(failure("{ path = \"dir\", type = \"file\", to = \"/x\" }").find("is no regular file"), std::string::npos);
  EXPECT_NE(failure("{ path = \"nil\", type = \"file\", to = \"/x\" }").find("does not exist"), std::string::npos);
  EXPECT_NE(failure("{ path = \"a.sketch\", tu = \"/x\" }").find("(did you mean \"to\"?)"), std::string::npos);
}

TEST_F(SourceLoaderTest, DamageOfALayerNamesIt) {
  sketch("base", {"f a"});
  sketch("bad", {"f d/.wh."});
  const std::string message = failure("[\"base.sketch\", \"bad.sketch\"]");
  EXPECT_EQ(message, "reading bad.sketch: /d/.wh.: it hides nothing that could have a name");
  sketch("link", {"l b a"});
  EXPECT_EQ(failure("\"link.sketch\""), "reading link.sketch: /b: it is a hard link to a, which does not exist");
}

TEST_F(SourceLoaderTest, NoLayerMayBeTheOutput) {
  sketch("a", {"f b"});
  sketch("b", {"f b"});
  fs::create_hard_link(root_.path() / "b.sketch", root_.path() / "hard");
  for (const char* const output : {"b.sketch", "hard"}) {
    EXPECT_NE(failure("[\"a.sketch\", \"b.sketch\"]", root_.path() / output).find("is the source itself"),
              std::string::npos);
  }
}

TEST_F(SourceLoaderTest, EqualChoicesShareATreeAndOthersDoNot) {
  sketch("a", {"f etc/x"});
  SourceLoader loader(context_, {}, values_);
  const auto load_in_turn = [&](const std::string& source) { return loader.load(choice(source)).tree; };
  const auto tree = load_in_turn("{ path = \"a.sketch\" }");
  EXPECT_EQ(load_in_turn("\"a.sketch\""), tree);
  EXPECT_NE(load_in_turn("[\"a.sketch\"]"), tree);
  EXPECT_NE(load_in_turn("{ path = \"a.sketch\", from = \"etc\" }"), tree);
  EXPECT_NE(load_in_turn("{ path = \"a.sketch\", to = \"etc\" }"), tree);
  EXPECT_NE(load_in_turn("{ path = \"a.sketch\", whiteouts = \"oci\" }"), tree);
}

TEST_F(SourceLoaderTest, SourcesSayWhatTheyAre) {
  sketch("a", {"f b"});
  sketch("b", {"f b", "f c"});
  write("kernel", "x");
  EXPECT_EQ(load("[\"a.sketch\", { path = \"b.sketch\", from = \"c\", to = \"c\" }, { path = \"kernel\", to = \"k\" }]")
                .descriptions,
            (std::vector<std::string>{"{\"lines\": 1}", "{\"lines\": 2}", ""}));
}

TEST_F(SourceLoaderTest, TheListenerHearsOfEachLayer) {
  sketch("a", {"f b"});
  write("kernel", "x");
  write("old.img", "a@5 ");
  load("[\"a.sketch\", { path = \"kernel\", to = \"/k\" }, \"old.img\"]");
  const auto heard = [&](const char* name) { return std::ranges::count(inputs_, fs::path(name)); };
  EXPECT_EQ(heard("a.sketch"), 1);
  EXPECT_GE(heard("kernel"), 1);
  EXPECT_GE(heard("old.img"), 1);
}

TEST_F(SourceLoaderTest, StandardInputIsReadOnce) {
  EXPECT_NE(failure("[\"-\", \"-\"]").find("p.toml:2:16: standard input is a source already"), std::string::npos);
}

}  // namespace
}  // namespace fstool
