// The promises of "fstool/source.h".

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "blob_checks.h"
#include "checklist.h"
#include "damage.h"
#include "fstool/error.h"
#include "heard_context.h"
#include "option_checks.h"
#include "sample_trees.h"
#include "samples.h"
#include "tree_checks.h"

namespace fstool::conformance {

namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const ByteVector& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw Error(ErrorCode::Io, "writing " + path.string());
}

class SourceChecks {
 public:
  SourceChecks(const Format<Source>& format, Checklist& list) : format_(format), list_(list) {}

  void run() {
    list_.run("acceptance", [this](CheckRun& run) { check_acceptance(run); });
    list_.run("missing_paths", [this](CheckRun& run) { check_missing_paths(run); });
    list_.run("directory", [this](CheckRun& run) { check_directory(run); });
    list_.run("foreign_files", [this](CheckRun& run) { check_foreign_files(run); });
    list_.run("images", [this](CheckRun& run) { check_images(run); });
    list_.run("damage", [this](CheckRun& run) { check_damage(run); });
  }

 private:
  Tree load(const SourceInput& input, Context& context) const {
    return tree_of(format_.create({})->load(input, context));
  }

  bool claims(const SourceInput& input) const { return format_.info.claim && format_.info.claim(input) != Claim::None; }

  void check_acceptance(CheckRun& run) {
    run.attempt("claim()", [&] {
      if (!format_.info.claim) throw Skip{"the source is only used where it is named"};
      require(!claims(list_.directory() / "no such name"), "a path that doesn't exist is claimed");
      require(!claims(fs::path()), "an empty path is claimed");
    });
  }

  void check_missing_paths(CheckRun& run) {
    const fs::path file = list_.directory() / "file";
    write_file(file, text_bytes(100, 61));
    for (const fs::path& path : {list_.directory() / "no such name", fs::path(), file / "below"}) {
      run.attempt(fmt::format("\"{}\"", path.filename().string()), [&] {
        HeardContext heard(list_.registry(), 1);
        require(!tolerate([&] { load(path, heard.get()); },
                          {ErrorCode::NotFound, ErrorCode::Io, ErrorCode::InvalidArgument}),
                "what doesn't exist is loaded");
      });
    }
  }

  /// A directory of the host with some files.
  fs::path make_directory() const {
    fs::path root = list_.directory() / "tree";
    fs::create_directories(root / "a/b/c");
    fs::create_directories(root / "void");
    write_file(root / "empty", {});
    write_file(root / "file", mixed_bytes(70'000, 62));
    write_file(root / "a/b/c/deep", text_bytes(3000, 63));
    if (!fs::exists(fs::symlink_status(root / "symlink"))) fs::create_symlink("no such target", root / "symlink");
    if (!fs::exists(root / "a/linked")) fs::create_hard_link(root / "file", root / "a/linked");
    if (!fs::exists(root / "fifo") && ::mkfifo((root / "fifo").c_str(), 0600) != 0) {
      throw system_error("making a fifo", errno);
    }
    return root;
  }

  void check_directory(CheckRun& run) {
    const fs::path root = make_directory();
    if (!claims(root)) throw Skip{"the source claims no directories"};
    run.attempt("a directory", [&] {
      HeardContext heard(list_.registry(), list_.settings().threads);
      const Tree tree = load(root, heard.get());
      require_sound(tree, list_.settings().threads);
      for (const char* const path : {"empty", "file", "a/b/c/deep", "a/linked"}) require_file(tree, root, path);
      const auto link = tree.find_path("symlink");
      require(link && tree.node(*link).target == "no such target", "the symbolic link is another");
      require(tree.find_path("file") == tree.find_path("a/linked"), "the two names of a file are two files");
      require(tree.find_path("void").has_value(), "the empty directory is missing");
      require_equal_trees(tree, load(root, heard.get()), heard.get());
    });
    run.attempt("a file that changes after it was listed", [&] {
      HeardContext heard(list_.registry(), 1);
      const Tree tree = load(root, heard.get());
      write_file(root / "file", mixed_bytes(90'000, 64));
      const auto id = tree.find_path("file");
      require(id && tree.node(*id).content, "the file is missing");
      const bool noticed =
          !tolerate([&] { read_all(*tree.node(*id).content, kMostBytesOfBlob); }, {ErrorCode::Changed});
      require(noticed, "nobody notices");
    });
  }

  static void require_file(const Tree& tree, const fs::path& root, const std::string& path) {
    const auto id = tree.find_path(path);
    require(id && tree.node(*id).kind == NodeKind::File, fmt::format("{} is missing", path));
    const BlobPtr content = tree.node(*id).content ? tree.node(*id).content : make_hole_blob(0);
    require_same_bytes(*content, *open_file_blob(root / path));
  }

  void load_hostile(const fs::path& path) const {
    HeardContext heard(list_.registry(), 1);
    claims(path);
    tolerate([&] { require_plausible(load(path, heard.get())); }, {ErrorCode::InvalidArgument, ErrorCode::Io});
  }

  void check_foreign_files(CheckRun& run) {
    for (const SampleBlock& file : foreign_files()) {
      run.attempt(file.name, [&] {
        const fs::path path = list_.directory() / "foreign";
        write_file(path, file.bytes);
        load_hostile(path);
      });
    }
  }

  /// An image of a file system that this source claims, with its tree.
  struct Image {
    std::string format;
    Tree tree;
    ByteVector bytes;
  };

  std::vector<Image> claimed_images() const {
    std::vector<Image> images;
    if (!format_.info.claim) return images;
    for (const auto& [name, format] : list_.registry().all<Filesystem>()) {
      HeardContext heard(list_.registry(), 1);
      const auto filesystem = format.create({});
      Tree tree = tree_with({tree_features().front()});
      const auto kept = std::make_shared<const Tree>(tree_with({tree_features().front()}));
      const FormatRequest request{.size = {}, .seed = Seed("conformance"), .partition_offset = 0, .sector_size = 512};
      ByteVector bytes;
      const auto make = [&] {
        bytes = read_all(*filesystem->format(kept, request, heard.get()).image, kMostBytesOfBlob);
      };
      if (!unless_refused(make)) continue;
      write_file(image_path(), bytes);
      if (claims(image_path())) images.push_back({name, std::move(tree), std::move(bytes)});
    }
    return images;
  }

  fs::path image_path() const { return list_.directory() / "image"; }

  void check_images(CheckRun& run) {
    const std::vector<Image> images = claimed_images();
    if (images.empty()) throw Skip{"there is no file system whose images it claims"};
    for (const Image& image : images) {
      run.attempt(fmt::format("an image of {}", image.format), [&] {
        write_file(image_path(), image.bytes);
        HeardContext heard(list_.registry(), list_.settings().threads);
        const Tree tree = load(image_path(), heard.get());
        require_sound(tree, list_.settings().threads);
        const SourceInput bytes(make_memory_blob(image.bytes), "bytes");
        if (claims(bytes)) require_equal_trees(tree, load(bytes, heard.get()), heard.get());
        for (const std::string& lost : require_same_tree(image.tree, tree, heard.get())) {
          run.note(fmt::format("of an image of {} it does not keep {}", image.format, lost));
        }
      });
    }
  }

  void check_damage(CheckRun& run) {
    const std::vector<Image> images = claimed_images();
    if (images.empty()) throw Skip{"there is no file system whose images it claims"};
    run.limit_memory(run.settings().damage_memory);
    for (const Image& image : images) {
      with_damaged(run, fmt::format("an image of {}", image.format), image.bytes, [&](const ByteVector& damaged) {
        write_file(image_path(), damaged);
        load_hostile(image_path());
      });
    }
  }

  const Format<Source>& format_;
  Checklist& list_;
};

}  // namespace

void check_source(const Format<Source>& format, Checklist& list) { SourceChecks(format, list).run(); }

}  // namespace fstool::conformance
