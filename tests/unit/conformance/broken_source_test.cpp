// A source of directories without directories in them, and what the kit says if it breaks a promise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "broken.h"

namespace fstool::test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;

enum class Fault { None, AcceptsAnything, LoadsNothing, LosesAFile, CrashesOnFiles, ThrowsSomethingElse };

class Files final : public Source {
 public:
  explicit Files(Fault fault) : fault_(fault) {}

  Layer load(const SourceInput& input, Context& /*context*/) override {
    const fs::path& location = input.path;
    Tree tree;
    if (!fs::exists(location)) {
      if (fault_ == Fault::LoadsNothing) return tree;
      if (fault_ == Fault::ThrowsSomethingElse) throw 42;  // NOLINT(hicpp-exception-baseclass): that is the fault
      throw Error(ErrorCode::NotFound, "it does not exist");
    }
    if (!fs::is_directory(location)) {
      if (fault_ == Fault::CrashesOnFiles) crash();
      throw Error(ErrorCode::Corrupt, "it is no directory");
    }
    load_directory(location, tree, Tree::kRoot, tree);
    return tree;
  }

 private:
  void load_directory(const fs::path& path, Tree& tree, NodeId directory, Tree& names) const {
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(path)) entries.push_back(entry.path());
    std::ranges::sort(entries);
    for (const fs::path& entry : entries) {
      const std::string name = entry.filename().string();
      if (fault_ == Fault::LosesAFile && name == "deep") continue;
      // The second name of a file, as the kit's sample has it.
      if (name == "file" && names.find_path("a/linked")) {
        tree.link(directory, name, *names.find_path("a/linked"));
        continue;
      }
      Node node;
      const fs::file_status status = fs::symlink_status(entry);
      if (status.type() == fs::file_type::symlink) {
        node.kind = NodeKind::Symlink;
        node.target = fs::read_symlink(entry).string();
      } else if (status.type() == fs::file_type::directory) {
        node.kind = NodeKind::Directory;
      } else if (status.type() == fs::file_type::fifo) {
        node.kind = NodeKind::Fifo;
      } else {
        node.content = open_file_blob(entry);
      }
      const bool is_directory = node.kind == NodeKind::Directory;
      const NodeId id = tree.add(directory, name, std::move(node));
      if (is_directory) load_directory(entry, tree, id, names);
    }
  }

  const Fault fault_;
};

std::vector<std::string> failures_with(Fault fault, std::string* findings = nullptr) {
  Registry registry;
  auto format = make_format<Source>("files", "Directories.", OptionSet<NoOptions>(),
                                    [fault](NoOptions) { return std::make_unique<Files>(fault); });
  format.info.claim = [fault](const SourceInput& input) {
    const bool reads = fault == Fault::AcceptsAnything || (!input.bytes && fs::is_directory(input.path));
    return reads ? Claim::General : Claim::None;
  };
  registry.add(std::move(format));
  const auto result = test_only_format<Source>(registry);
  if (findings != nullptr) *findings = findings_of(result);
  return failed_checks(result);
}

TEST(ConformanceOfSources, FindsNothingWrongWithAGoodOne) {
  std::string findings;
  EXPECT_THAT(failures_with(Fault::None, &findings), ElementsAre()) << findings;
}

TEST(ConformanceOfSources, FindsPathsThatAreAcceptedAndDoNotExist) {
  EXPECT_THAT(failures_with(Fault::AcceptsAnything), Contains("acceptance"));
}

TEST(ConformanceOfSources, FindsMissingPathsThatAreNoError) {
  EXPECT_THAT(failures_with(Fault::LoadsNothing), Contains("missing_paths"));
  EXPECT_THAT(failures_with(Fault::ThrowsSomethingElse), ElementsAre("missing_paths"));
}

TEST(ConformanceOfSources, FindsAFileThatIsLost) {
  EXPECT_THAT(failures_with(Fault::LosesAFile), ElementsAre("directory"));
}

TEST(ConformanceOfSources, FindsFilesThatMakeItCrash) {
  EXPECT_THAT(failures_with(Fault::CrashesOnFiles), Contains("foreign_files"));
}

}  // namespace
}  // namespace fstool::test
