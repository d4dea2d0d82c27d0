// The promises of "fstool/filesystem.h" and "fstool/usage.h".

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "blob_checks.h"
#include "checklist.h"
#include "damage.h"
#include "fstool/error.h"
#include "fstool/usage.h"
#include "heard_context.h"
#include "option_checks.h"
#include "parallel.h"
#include "sample_trees.h"
#include "samples.h"
#include "tree_checks.h"

namespace fstool::conformance {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kSizeWithoutFit = 16 * kMiB;
constexpr std::size_t kLargestFiles = 5;

/// Counts how often it is read.
class WatchedBlob final : public Blob {
 public:
  explicit WatchedBlob(std::uint64_t size) : blob_(generated_disk(size)) {}
  std::uint64_t size() const override { return blob_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    ++reads_;
    blob_->read(offset, out);
  }
  unsigned reads() const noexcept { return reads_; }

 private:
  BlobPtr blob_;
  mutable std::atomic<unsigned> reads_ = 0;
};

std::shared_ptr<const Tree> shared(Tree tree) { return std::make_shared<const Tree>(std::move(tree)); }

std::shared_ptr<const Tree> tree_of_one_file(BlobPtr content) {
  Tree tree;
  Node node;
  node.permissions = 0755;
  node.content = std::move(content);
  tree.add(Tree::kRoot, "content", std::move(node));
  return shared(std::move(tree));
}

FormatRequest request_of(SizeRequest size) {
  return {.size = size, .seed = Seed("conformance"), .partition_offset = 0, .sector_size = 512};
}

/// The facts that inspect() and open() both tell.
void require_same_facts(const VolumeFacts& inspected, const VolumeFacts& opened) {
  const auto require_same = [](const char* what, const auto& a, const auto& b) {
    require(a == b, fmt::format("inspect() tells the {} {}, and open() {}", what, a, b));
  };
  require_same("type", inspected.type, opened.type);
  require_same("label", inspected.label, opened.label);
  require_same("UUID", inspected.uuid, opened.uuid);
  require_same("size", inspected.size, opened.size);
  require_same("block size", inspected.block_size, opened.block_size);
  require_same("number of blocks", inspected.blocks, opened.blocks);
}

void require_sane_facts(const VolumeFacts& facts) {
  require(!facts.type.empty(), "the facts name no type");
  require(facts.free_blocks <= facts.blocks, "more blocks are free than there are");
  require(facts.free_inodes <= facts.inodes, "more inodes are free than there are");
}

void require_ranges(const FileRanges& file, std::uint64_t size) {
  std::uint64_t allocated = 0;
  for (const ByteRange& range : file.ranges) {
    require(range.length > 0 && range.offset <= size && range.length <= size - range.offset,
            "a file lies outside of the file system");
    allocated += range.length;
  }
  require(allocated == file.usage.allocated, "the ranges of a file don't add up to what it takes");
  require(file.usage.fragments >= 1 && file.usage.fragments <= file.ranges.size(), "a file has impossible fragments");
}

void require_sound_usage(const VolumeUsage& usage) {
  std::uint64_t end = 0;
  std::optional<Use> before;
  for (const UsedRange& used : usage.ranges) {
    require(used.range.offset == end, fmt::format("the uses have a gap or overlap at {}", end));
    require(used.range.length > 0, fmt::format("the use at {} is empty", end));
    require(before != used.use, fmt::format("the uses on both sides of {} are the same", end));
    before = used.use;
    end = used.range.end();
  }
  require(end == usage.volume.facts.size,
          fmt::format("the uses end at {}, and the file system at {}", end, usage.volume.facts.size));
  for (std::size_t i = 1; i < usage.files.size(); ++i) {
    require(usage.files[i - 1].node < usage.files[i].node, "the files are not in the order of their nodes");
  }
  for (std::size_t i = 0; i < usage.largest.size(); ++i) {
    require_ranges(usage.largest[i], end);
    const bool in_order = i == 0 || usage.largest[i - 1].usage.allocated >= usage.largest[i].usage.allocated;
    require(in_order, "the largest files are not in the order of what they take");
  }
}

class FilesystemChecks {
 public:
  FilesystemChecks(const Format<Filesystem>& format, Checklist& list) : format_(format), list_(list) {}

  void run() {
    add("features", &FilesystemChecks::check_features);
    add("round_trip", &FilesystemChecks::check_round_trip);
    add("sizes", &FilesystemChecks::check_sizes);
    add("image", &FilesystemChecks::check_image);
    add("lazy_contents", &FilesystemChecks::check_lazy_contents);
    add("determinism", &FilesystemChecks::check_determinism);
    add("probe", &FilesystemChecks::check_probe);
    add("inspect", &FilesystemChecks::check_inspect);
    add("open_scope", &FilesystemChecks::check_open_scope);
    add("usage", &FilesystemChecks::check_usage);
    add("own_check", &FilesystemChecks::check_own);
    add("threads", &FilesystemChecks::check_threads);
    add("options", &FilesystemChecks::check_options);
    add("damage", &FilesystemChecks::check_damage);
  }

 private:
  void add(const char* name, void (FilesystemChecks::*check)(CheckRun&)) {
    list_.run(name, [this, check](CheckRun& run) { (this->*check)(run); });
  }

  std::unique_ptr<Filesystem> create() const { return format_.create({}); }
  unsigned threads() const { return list_.settings().threads; }

  FormattedVolume format(Filesystem& filesystem, std::shared_ptr<const Tree> tree, const SizeRequest& size,
                         Context& context) const {
    FormattedVolume volume = filesystem.format(std::move(tree), request_of(size), context);
    require(volume.image != nullptr, "format() gives no image");
    require_sane_facts(volume.facts);
    return volume;
  }

  /// As small as the tree allows, or a size that is large enough for a format that can't tell.
  SizeRequest usual_size() const {
    HeardContext heard(list_.registry(), 1);
    try {
      create()->format(shared(tree_with({})), request_of({}), heard.get());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::InvalidArgument) return fixed_size(kSizeWithoutFit);
    }
    return {};
  }

  static SizeRequest fixed_size(std::uint64_t bytes) { return {.fixed = bytes, .free_bytes = 0, .free_percent = 0}; }

  /// Why the format doesn't hold `tree`; nothing if it does.
  std::optional<std::string> refusal(Tree tree) const {
    HeardContext heard(list_.registry(), 1);
    try {
      format(*create(), shared(std::move(tree)), usual_size(), heard.get());
      return std::nullopt;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Unsupported) return error.what();
      throw;
    }
  }

  void need_writer() const {
    if (const auto reason = refusal(tree_with({}))) throw Skip{fmt::format("it holds no tree: {}", *reason)};
  }

  /// The features that the format can hold one by one.
  std::vector<TreeFeature> accepted_features() const {
    need_writer();
    std::vector<TreeFeature> accepted;
    for (const TreeFeature& feature : tree_features()) {
      try {
        if (!refusal(tree_with({feature}))) accepted.push_back(feature);
      } catch (const Error&) {
        // check_features() tells of it.
      }
    }
    return accepted;
  }

  /// The tree that has all that the format can hold.
  Tree full_tree() const { return tree_with(accepted_features()); }

  /// An image of it, in memory.
  BlobPtr sample(HeardContext& heard) const {
    const BlobPtr image = format(*create(), shared(full_tree()), usual_size(), heard.get()).image;
    return make_memory_blob(read_all(*image, kMostBytesOfBlob));
  }

  void need_reader(const BlobPtr& image, HeardContext& heard) const {
    try {
      create()->open(image, {.path = "", .depth = OpenScope::Depth::Node}, heard.get());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Unsupported) throw Skip{fmt::format("it can't be read: {}", error.what())};
      throw;
    }
  }

  bool is_readable(CheckRun& run, const BlobPtr& image, HeardContext& heard) const {
    try {
      need_reader(image, heard);
      return true;
    } catch (const Skip& skip) {
      run.note(skip.reason);
      return false;
    }
  }

  static void require_no_damage(const HeardContext& heard) {
    require(heard.damage().empty(),
            fmt::format("damage is reported of what it made: {}", fmt::join(heard.damage(), "; ")));
  }

  /// Formats `tree` and opens it again.
  void require_comes_back(CheckRun& run, const std::shared_ptr<const Tree>& tree, const SizeRequest& size) const {
    HeardContext heard(list_.registry(), threads());
    const BlobPtr image = format(*create(), tree, size, heard.get()).image;
    if (!is_readable(run, image, heard)) return;
    const Volume volume = create()->open(image, {}, heard.get());
    require_sound(volume.tree, threads());
    for (const std::string& lost : require_same_tree(*tree, volume.tree, heard.get())) {
      run.note(fmt::format("it does not keep {}", lost));
    }
    require_no_damage(heard);
  }

  void check_features(CheckRun& run) {
    need_writer();
    for (const TreeFeature& feature : tree_features()) {
      run.attempt(feature.name, [&] {
        if (refusal(tree_with({feature}))) throw Skip{"refused"};
        require_comes_back(run, shared(tree_with({feature})), usual_size());
      });
    }
  }

  void check_round_trip(CheckRun& run) {
    need_writer();
    run.attempt("a tree with all that it can hold",
                [&] { require_comes_back(run, shared(full_tree()), usual_size()); });
    run.attempt("what was opened, as a tree of its own", [&] {
      HeardContext heard(list_.registry(), threads());
      const BlobPtr first = sample(heard);
      need_reader(first, heard);
      const auto once = shared(create()->open(first, {}, heard.get()).tree);
      const BlobPtr second = format(*create(), once, usual_size(), heard.get()).image;
      require_equal_trees(*once, create()->open(second, {}, heard.get()).tree, heard.get());
    });
    run.attempt("an empty tree", [&] { require_comes_back(run, shared(tree_with({})), usual_size()); });
  }

  void check_sizes(CheckRun& run) {
    const auto tree = shared(full_tree());
    HeardContext heard(list_.registry(), 1);
    const std::uint64_t fit = format(*create(), tree, usual_size(), heard.get()).image->size();
    for (const std::uint64_t size : {fit, fit + 512, fit + 12'345, 2 * fit + kMiB, 40 * kMiB + 4096}) {
      run.attempt(fmt::format("{} bytes", size), [&] {
        BlobPtr image;
        const auto with_size = [&] { image = format(*create(), tree, fixed_size(size), heard.get()).image; };
        if (!unless_refused(with_size)) throw Skip{"refused"};
        require(image->size() == size, fmt::format("the image has {} bytes", image->size()));
        require_comes_back(run, tree, fixed_size(size));
      });
    }
    for (const std::uint64_t size : {0U, 1U, 512U, 1000U, 4096U, 65'536U}) {
      run.attempt(fmt::format("{} bytes", size), [&] {
        BlobPtr image;
        if (!unless_refused([&] { image = format(*create(), tree, fixed_size(size), heard.get()).image; })) return;
        require(image->size() == size, fmt::format("the image has {} bytes", image->size()));
      });
    }
    for (const SizeRequest& request : {SizeRequest{{}, 3 * kMiB, 0}, SizeRequest{{}, 0, 50}, SizeRequest{{}, 0, 95}}) {
      run.attempt(fmt::format("{} bytes and {} percent free", request.free_bytes, request.free_percent), [&] {
        VolumeFacts facts;
        const auto with_headroom = [&] { facts = format(*create(), tree, request, heard.get()).facts; };
        if (!unless_refused(with_headroom)) throw Skip{"refused"};
        require_headroom(facts, request);
        require_comes_back(run, tree, request);
      });
    }
  }

  static void require_headroom(const VolumeFacts& facts, const SizeRequest& request) {
    if (facts.blocks == 0) throw Skip{"the facts tell no blocks"};
    if (facts.free_blocks == 0) throw Skip{"nothing is ever free in it"};
    require(facts.free_blocks * facts.block_size >= request.free_bytes,
            fmt::format("{} bytes are free", facts.free_blocks * facts.block_size));
    require(facts.free_blocks * 100 >= facts.blocks * request.free_percent,
            fmt::format("{} of {} blocks are free", facts.free_blocks, facts.blocks));
  }

  void check_image(CheckRun& run) {
    HeardContext heard(list_.registry(), 1);
    const BlobPtr image = format(*create(), shared(full_tree()), usual_size(), heard.get()).image;
    run.attempt("its bytes", [&] { require_consistent(*image, threads()); });
    run.attempt("a hole of 1 TiB in a file", [&] {
      const auto tree = tree_of_one_file(sparse_disk(std::uint64_t{1} << 40U, 41));
      BlobPtr large;
      if (!unless_refused([&] { large = format(*create(), tree, usual_size(), heard.get()).image; }))
        throw Skip{"refused"};
      read_some(*large);
    });
  }

  void check_lazy_contents(CheckRun& run) {
    need_writer();
    run.attempt("a file of 64 MiB", [&] {
      const auto content = std::make_shared<const WatchedBlob>(64 * kMiB);
      HeardContext heard(list_.registry(), threads());
      const auto tree = tree_of_one_file(content);
      if (!unless_refused([&] { format(*create(), tree, usual_size(), heard.get()); })) throw Skip{"refused"};
      require(content->reads() == 0, "format() reads the content of files");
    });
  }

  void check_determinism(CheckRun& run) {
    const std::vector<TreeFeature> features = accepted_features();
    HeardContext heard(list_.registry(), 1);
    const auto bytes_of = [&](bool backwards, unsigned count) {
      HeardContext other(list_.registry(), count);
      const BlobPtr image = format(*create(), shared(tree_with(features, backwards)), usual_size(), other.get()).image;
      return read_all(*image, kMostBytesOfBlob);
    };
    const ByteVector expected = bytes_of(false, 1);
    run.attempt("the same again", [&] { require(bytes_of(false, 1) == expected, "the image has other bytes"); });
    run.attempt(fmt::format("{} threads", threads()),
                [&] { require(bytes_of(false, threads()) == expected, "the image has other bytes"); });
    run.attempt("one object that is used twice", [&] {
      const auto filesystem = create();
      for (int time = 0; time < 2; ++time) {
        const auto tree = shared(tree_with(features));
        const BlobPtr image = format(*filesystem, tree, usual_size(), heard.get()).image;
        require(read_all(*image, kMostBytesOfBlob) == expected, "the image has other bytes");
      }
    });
    run.attempt("a tree that was put together in another order",
                [&] { require(bytes_of(true, 1) == expected, "the image has other bytes"); });
  }

  void check_probe(CheckRun& run) {
    for (const SampleBlock& file : foreign_files()) {
      run.attempt(file.name,
                  [&] { require(!create()->probe(*make_memory_blob(file.bytes)), "it is taken for one of its own"); });
    }
    for (const auto& [name, other] : list_.registry().all<Filesystem>()) {
      const bool own = name == format_.info.name;
      run.attempt(own ? "its own image" : fmt::format("an image of {}", name), [&, &other_format = other] {
        HeardContext heard(list_.registry(), 1);
        const FilesystemChecks others(other_format, list_);
        BlobPtr image;
        const auto make = [&] { image = others.sample_of_any(heard); };
        if (!unless_refused(make)) throw Skip{"there is none"};
        if (own) {
          need_reader(image, heard);
          require(create()->probe(*image), "it is not recognized");
        } else {
          require(!create()->probe(*image), "it is taken for one of its own");
        }
      });
    }
  }

  /// An image with a file, or at least an empty one.
  BlobPtr sample_of_any(HeardContext& heard) const {
    const auto tree = tree_of_one_file(make_memory_blob(text_bytes(5000, 42)));
    BlobPtr image;
    if (!unless_refused([&] { image = format(*create(), tree, usual_size(), heard.get()).image; })) {
      image = format(*create(), shared(tree_with({})), usual_size(), heard.get()).image;
    }
    return image;
  }

  void check_inspect(CheckRun& run) {
    HeardContext heard(list_.registry(), 1);
    const BlobPtr image = sample(heard);
    need_reader(image, heard);
    run.attempt("its own image", [&] {
      const VolumeFacts inspected = create()->inspect(image, heard.get());
      require_sane_facts(inspected);
      require_same_facts(inspected, create()->open(image, {}, heard.get()).facts);
      require(inspected.size <= image->size(), "it is said to be larger than its image");
      require_no_damage(heard);
    });
  }

  void check_open_scope(CheckRun& run) {
    HeardContext heard(list_.registry(), 1);
    const BlobPtr image = sample(heard);
    need_reader(image, heard);
    const Tree whole = create()->open(image, {}, heard.get()).tree;
    for (const char* const path : {"", "file4096", "many", "level0", "level0/level1", "level0/level1/leaf", "void",
                                   "symlink1", "linked1", "xattrs1"}) {
      const auto id = whole.find_path(path);
      if (!id) continue;
      run.attempt(fmt::format("\"{}\"", path), [&] { require_scope(image, whole, *id, path, heard.get()); });
    }
    for (const char* const path : {"no-such-name", "void/no/such/name", "file4096/below", "symlink1/below"}) {
      run.attempt(fmt::format("\"{}\"", path), [&] {
        const Volume volume = create()->open(image, {.path = path, .depth = OpenScope::Depth::Everything}, heard.get());
        require(!volume.tree.find_path(path), "a name is there that is none");
      });
    }
  }

  void require_scope(const BlobPtr& image, const Tree& whole, NodeId id, const std::string& path, Context& context) {
    const Volume node = create()->open(image, {.path = path, .depth = OpenScope::Depth::Node}, context);
    const auto found = node.tree.find_path(path);
    require(found && node.tree.node(*found).kind == whole.node(id).kind, "the node alone is not found");
    const bool same_size = (node.tree.node(*found).content ? node.tree.node(*found).content->size() : 0) ==
                           (whole.node(id).content ? whole.node(id).content->size() : 0);
    require(same_size, "the node alone has content of another size");
    if (whole.node(id).kind != NodeKind::Directory) return;
    for (const auto depth : {OpenScope::Depth::Children, OpenScope::Depth::Everything}) {
      const Volume volume = create()->open(image, {.path = path, .depth = depth}, context);
      const auto directory = volume.tree.find_path(path);
      require(directory.has_value(), "the directory is not found");
      for (const DirEntry& entry : whole.entries(id)) {
        const auto child = volume.tree.find(*directory, entry.name);
        require(child && volume.tree.node(*child).kind == whole.node(entry.node).kind,
                fmt::format("its entry \"{}\" is missing", entry.name));
      }
      require(volume.tree.entries(*directory).size() == whole.entries(id).size(), "it has other entries");
    }
  }

  void check_usage(CheckRun& run) {
    HeardContext heard(list_.registry(), 1);
    const BlobPtr image = sample(heard);
    need_reader(image, heard);
    if (!create()->usage(image, kLargestFiles, heard.get())) throw Skip{"it tells no usage"};
    for (const std::size_t count : {std::size_t{0}, kLargestFiles, std::size_t{100'000}}) {
      run.attempt(fmt::format("with the places of {} files", count), [&] {
        const VolumeUsage usage = create()->usage(image, count, heard.get()).value();
        require_sound_usage(usage);
        require(usage.largest.size() == std::min(count, usage.files.size()), "the places are those of other files");
        require_no_damage(heard);
      });
    }
  }

  void check_own(CheckRun& run) {
    HeardContext heard(list_.registry(), threads());
    const BlobPtr image = sample(heard);
    need_reader(image, heard);
    run.attempt("its own image", [&] {
      create()->check(image, heard.get());
      require_no_damage(heard);
    });
  }

  /// One object, used from several threads.
  void check_threads(CheckRun& run) {
    HeardContext heard(list_.registry(), 1);
    const BlobPtr image = sample(heard);
    need_reader(image, heard);
    run.attempt(fmt::format("{} threads that open it", threads()), [&] {
      const auto filesystem = create();
      const auto tree = shared(filesystem->open(image, {}, heard.get()).tree);
      on_threads(threads(), [&](unsigned) {
        HeardContext own(list_.registry(), 1);
        require(filesystem->probe(*image), "it is not recognized");
        require_equal_trees(*tree, filesystem->open(image, {}, own.get()).tree, own.get());
      });
    });
    run.attempt(fmt::format("{} threads that format", threads()), [&] {
      const auto filesystem = create();
      const auto tree = shared(full_tree());
      on_threads(threads(), [&](unsigned) {
        HeardContext own(list_.registry(), 1);
        require_same_bytes(*format(*filesystem, tree, usual_size(), own.get()).image, *image);
      });
    });
  }

  void check_options(CheckRun& run) {
    run.limit_memory(4 * run.settings().damage_memory);
    const auto tree = shared(full_tree());
    HeardContext heard(list_.registry(), 1);
    const std::uint64_t size = 2 * format(*create(), tree, usual_size(), heard.get()).image->size() + 16 * kMiB;
    for (const OptionSample& sample : option_samples(format_.info.options, run.settings().thorough)) {
      run.attempt(sample.label, [&] {
        BlobPtr image;
        const bool formatted = unless_refused([&] {
          const auto filesystem = format_.create(sample.table);
          try {
            image = format(*filesystem, tree, fixed_size(size), heard.get()).image;
          } catch (const Error& error) {
            if (error.code() == ErrorCode::NoSpace) throw;
            image = format(*filesystem, tree, usual_size(), heard.get()).image;
          }
        });
        if (formatted) require_readable(run, image);
      });
    }
  }

  /// The format that recognizes an image: this one, or a relative of it that the options made of it.
  std::unique_ptr<Filesystem> reader_of(const Blob& image) const {
    if (auto own = create(); own->probe(image)) return own;
    for (const auto& [name, other] : list_.registry().all<Filesystem>()) {
      if (other.info.plugin != format_.info.plugin) continue;
      if (auto relative = other.create({}); relative->probe(image)) return relative;
    }
    throw Failure{"it is not recognized"};
  }

  /// Whoever reads an image doesn't know the options that it was made with.
  void require_readable(CheckRun& run, const BlobPtr& image) const {
    HeardContext heard(list_.registry(), 1);
    if (!is_readable(run, image, heard)) return;
    const auto reader = reader_of(*image);
    reader->open(image, {}, heard.get());
    reader->check(image, heard.get());
    require_no_damage(heard);
  }

  void check_damage(CheckRun& run) {
    run.limit_memory(run.settings().damage_memory);
    HeardContext heard(list_.registry(), 1);
    const BlobPtr image = sample(heard);
    need_reader(image, heard);
    with_damaged(run, "an image", read_all(*image, kMostBytesOfBlob), [&](ByteVector damaged) {
      HeardContext own(list_.registry(), 1);
      const BlobPtr blob = make_memory_blob(std::move(damaged));
      const auto filesystem = create();
      filesystem->probe(*blob);
      tolerate([&] { filesystem->inspect(blob, own.get()); });
      tolerate([&] { filesystem->check(blob, own.get()); });
      tolerate([&] { require_plausible(filesystem->open(blob, {}, own.get()).tree); });
      tolerate([&] {
        if (const auto usage = filesystem->usage(blob, kLargestFiles, own.get())) require_sound_usage(*usage);
      });
    });
  }

  const Format<Filesystem>& format_;
  Checklist& list_;
};

}  // namespace

void check_filesystem(const Format<Filesystem>& format, Checklist& list) { FilesystemChecks(format, list).run(); }

}  // namespace fstool::conformance
