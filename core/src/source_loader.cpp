#include "source_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "directory_path.h"
#include "file_source.h"
#include "formats.h"
#include "fstool/error.h"
#include "image_reference.h"
#include "image_source.h"
#include "rules/file_contexts.h"
#include "rules/hardlinks.h"
#include "rules/owner_choice.h"
#include "rules/pattern_rules.h"
#include "same_file.h"
#include "spec_entries.h"
#include "spec_keys.h"
#include "standard_input.h"
#include "tree_digest.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // on the way to a file: MAXSYMLINKS of the kernel

/// `path` without symbolic links, as far as it exists, and where it leads if that is a link to what doesn't exist; the
/// path itself if that can't be found out.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error);
  if (error) return path;
  for (int links = 0; links < kMaxLinks && fs::is_symlink(absolute, error); ++links) {
    absolute = absolute.parent_path() / fs::read_symlink(absolute, error);
  }
  fs::path real = fs::weakly_canonical(absolute, error);
  return error ? absolute : real;
}

/// True if `path` is `directory` or below it; both real.
bool is_inside(const fs::path& path, const fs::path& directory) {
  return std::ranges::mismatch(directory, path).in1 == directory.end();
}

void add(Digest& digest, const std::optional<Timestamp>& time) {
  digest.add(std::uint64_t{time.has_value()});
  digest.add(static_cast<std::uint64_t>(time.value_or(Timestamp()).seconds));
  digest.add(std::uint64_t{time.value_or(Timestamp()).nanoseconds});
}

void add(Digest& digest, const std::optional<OwnerChoice>& owner) {
  digest.add(std::uint64_t{owner.has_value()});
  digest.add(std::uint64_t{owner ? owner->id : 0});
  digest.add(owner ? std::string_view(owner->name) : std::string_view());
}

void add(Digest& digest, const EntryChoice& entry) {
  digest.add(static_cast<std::uint64_t>(entry.kind));
  digest.add(std::string_view(entry.path));
  digest.add(std::string_view(entry.content.written()));
  digest.add(std::string_view(entry.copy.value_or(fs::path()).native()));
  digest.add(std::string_view(entry.target));
  digest.add(std::uint64_t{entry.permissions ? *entry.permissions + 1U : 0});
  add(digest, entry.owner);
  add(digest, entry.group);
  digest.add(std::uint64_t{entry.device.major});
  digest.add(std::uint64_t{entry.device.minor});
  add(digest, entry.mtime);
  digest.add(std::uint64_t{entry.xattrs.size()});
  for (const XattrChange& xattr : entry.xattrs) {
    digest.add(std::string_view(xattr.name));
    digest.add(std::uint64_t{xattr.value.has_value()});
    digest.add(std::string_view(xattr.value.value_or("")));
  }
}

void add(Digest& digest, const SourceChoice& source) {
  digest.add(std::string_view(source.type));
  digest.add(std::string_view(source.is_standard_input ? kStandardInput : real_path(source.path).native()));
  for (const std::optional<std::string>& place : {source.from, source.to}) {
    digest.add(std::uint64_t{place.has_value()});
    digest.add(std::string_view(place.value_or("")));
  }
  digest.add(static_cast<std::uint64_t>(source.whiteouts));
  add(digest, source.rules);
  digest.add_with_types(source.options);
}

/// Names what makes two choices give the same tree.
std::string identity(const FilesystemChoice& choice) {
  Digest digest;
  digest.add(std::uint64_t{choice.sources.size()});
  for (const SourceChoice& source : choice.sources) add(digest, source);
  digest.add_with_types(choice.written_rules);
  for (const EntryChoice& entry : choice.entries) add(digest, entry);
  digest.add(static_cast<std::uint64_t>(choice.rootdevs));
  digest.add(std::string_view(choice.selinux_contexts ? choice.selinux_contexts->path.native() : std::string()));
  digest.add(static_cast<std::uint64_t>(choice.hard_links));
  add(digest, choice.mtime);
  return digest.finish().uuid("tree").to_string();
}

Error missing_source(const SourceChoice& choice) {
  return spec_error(choice.location, fmt::format("the source {} does not exist", choice.path.string()));
}

/// Which sources there are, or where plugins were looked for if there is none.
std::string sources_text(const Registry& registry) {
  std::string text;
  for (const auto& [name, format] : registry.all<Source>()) text += (text.empty() ? "there are: " : ", ") + name;
  if (!text.empty()) return text;
  text = "there is none; looked in";
  for (const fs::path& directory : registry.search_path()) text += " " + directory.string();
  return text;
}

/// The keys of a source's table that its plugin does not see.
const std::vector<std::string>& source_keys() {
  static const std::vector<std::string> keys = spec_key_names("filesystem.source");
  return keys;
}

void set_mtime(Tree& tree, Timestamp mtime) {
  for (std::size_t id = 0; id < tree.node_count(); ++id) tree.node(static_cast<NodeId>(id)).mtime = mtime;
}

/// Runs `work`; what is not there, or can't be asked for, is a mistake of the spec at `location`.
template <class Work>
decltype(auto) blame_spec(const LocationPtr& location, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::NotFound && error.code() != ErrorCode::InvalidArgument) throw;
    throw spec_error(location, error.what());
  }
}

/// Gives the file of `layer` the name that `to` ends with, and returns the directory that it goes to.
std::string_view name_file(Layer& layer, std::string_view to) {
  const SplitPath path = split_last(to);
  if (to.ends_with('/')) return to;
  const std::span<const DirEntry> entries = layer.tree.entries(Tree::kRoot);
  if (entries.empty() || entries.front().name == path.name) return path.directory;
  const DirEntry file = entries.front();
  layer.tree.link(Tree::kRoot, path.name, file.node);
  layer.tree.remove(Tree::kRoot, file.name);
  return path.directory;
}

/// Changes a part as its source's rules say. A file that is placed by its name is no file of rules.
void apply_part_rules(LayerPart& part, const SourceChoice& choice, Context& context) {
  SourceRules rules = choice.rules;
  if (part.is_file) rules.filter.ignore_file.clear();
  try {
    apply_rules(part.layer, rules, context);
  } catch (Error& error) {
    // What points at a place begins with that.
    if (error.code() != ErrorCode::InvalidSpec) error.add_context(choice.written);
    throw;
  }
}

/// Of the directories that lead to where a layer goes.
Timestamp time_of(const Layer& layer) {
  return layer.is_implied(Tree::kRoot) ? layer.tree.newest_mtime() : layer.tree.node(Tree::kRoot).mtime;
}

/// Where a part goes, which is its file's directory if it is a file. Gives that its name.
std::string_view place_of(LayerPart& part, const SourceChoice& choice) {
  if (!part.is_file) return choice.to ? std::string_view(*choice.to) : "/";
  if (!choice.to) {
    throw spec_error(choice.from_location,
                     fmt::format("{} is a file: say where it goes, as in to = \"{}\"", *choice.from, *choice.from));
  }
  if (choice.is_standard_input && choice.to->ends_with('/')) {
    throw spec_error(choice.to_location, "standard input has no name: say what the file shall be called");
  }
  return name_file(part.layer, *choice.to);
}

/// Lays what a source has over `tree` where the spec wants it.
void add_part(Tree& tree, LayerPart part, const SourceChoice& choice, bool is_lowest) {
  const std::string_view place = place_of(part, choice);
  with_context([&] { return fmt::format("reading {}", choice.written); },
               [&] {
                 if (is_lowest && !part.is_file && place.find_first_not_of('/') == std::string_view::npos) {
                   tree = tree_of(std::move(part.layer), choice.whiteouts);
                   return;
                 }
                 const Timestamp mtime = time_of(part.layer);
                 if (is_lowest) tree.node(Tree::kRoot).mtime = mtime;
                 const NodeId directory = make_directories(tree, Tree::kRoot, place, mtime);
                 lay_over(tree, directory, std::move(part.layer), choice.whiteouts);
               });
}

}  // namespace

SourceLoader::SourceLoader(Context& context, fs::path output, const DeferredValues& values)
    : context_(context), output_(std::move(output)), values_(values) {
  if (output_ == "-") output_.clear();
}

const Format<Source>& SourceLoader::format_of(const SourceChoice& choice, const SourceInput& input) const {
  const Registry& registry = context_.registry();
  if (choice.type == kImageSource) return image_source();
  if (choice.type == kFileSource) return file_source();
  if (!choice.type.empty()) return find_format<Source>(registry, choice.type, choice.type_location);

  const std::vector<const Format<Source>*> claiming = sources_for(input, registry);
  if (claiming.size() == 1) return *claiming.front();
  if (claiming.size() > 1) {
    throw spec_error(choice.location, fmt::format("both \"{}\" and \"{}\" can read the source {}: choose one, as in "
                                                  "source = {{ path = \"{}\", type = \"{}\" }}",
                                                  claiming[0]->info.name, claiming[1]->info.name, choice.written,
                                                  choice.written, claiming[0]->info.name));
  }
  std::error_code error;
  const fs::file_status status = fs::status(choice.path, error);
  if (status.type() == fs::file_type::not_found) throw missing_source(choice);
  if (status.type() == fs::file_type::none) {
    throw spec_error(choice.location, fmt::format("the source {}: {}", choice.path.string(), error.message()));
  }
  throw spec_error(choice.location,
                   fmt::format("no source plugin can read {} ({})", choice.path.string(), sources_text(registry)));
}

void SourceLoader::claim_standard_input(const SourceChoice& choice) {
  if (reads_standard_input_ != nullptr) {
    throw spec_error(choice.location, "standard input is a source already, and can be read once");
  }
  reads_standard_input_ = &choice;
}

void SourceLoader::refuse_output_inside(const SourceChoice& choice) const {
  if (output_.empty()) return;
  const fs::path output = real_path(output_);
  const fs::path source = real_path(choice.path);
  if (output == source || is_same_file(output, source)) {
    throw spec_error(choice.location, fmt::format("the output {} is the source itself", output_.string()));
  }
  if (!is_inside(output, source)) return;
  throw spec_error(choice.location,
                   fmt::format("the output {} lies inside the source {}, so that each image would contain the one "
                               "before: write it somewhere else",
                               output_.string(), choice.path.string()));
}

void SourceLoader::refuse_bad_image(const SourceChoice& choice) const {
  const std::optional<ImageReference> image = find_image_reference(choice.path);
  if (!image) throw missing_source(choice);
  if (image_source().info.claim(choice.path) == Claim::None) {
    throw spec_error(choice.location, fmt::format("the source {} is neither a file nor a block device, so it can't be "
                                                  "an image",
                                                  image->file.string()));
  }
  if (!is_same_file(output_, image->file)) return;
  throw spec_error(choice.location, fmt::format("the output {} is the source {} itself: write it somewhere else",
                                                output_.string(), image->file.string()));
}

void SourceLoader::refuse_bad_file(const SourceChoice& choice) const {
  std::error_code error;
  const fs::file_type kind = fs::status(choice.path, error).type();
  if (kind == fs::file_type::not_found) throw missing_source(choice);
  if (kind == fs::file_type::regular) return;
  throw spec_error(choice.location, fmt::format("the source {} is no regular file", choice.path.string()));
}

void SourceLoader::check(const SourceChoice& choice, SpecProblems& problems) {
  problems.collect(choice.location, [&] {
    if (choice.is_standard_input) {
      claim_standard_input(choice);
      if (choice.type.empty()) return;  // who reads it is known once it was read
    } else {
      refuse_output_inside(choice);
    }
    const Format<Source>& format = format_of(choice, choice.path);
    if (&format == &image_source() && !choice.is_standard_input) refuse_bad_image(choice);
    if (&format == &file_source() && !choice.is_standard_input) refuse_bad_file(choice);
    use_options(
        without_unknown_options(choice.options, format.info.options, source_keys(), problems), choice.location,
        [&](const OptionTable& options) { format.create(options); }, problems);
  });
}

void SourceLoader::check(const FilesystemChoice& choice, SpecProblems& problems) {
  for (const SourceChoice& source : choice.sources) check(source, problems);
}

SourceInput SourceLoader::input_of(const SourceChoice& choice) {
  if (!choice.is_standard_input) return choice.path;
  if (!standard_input_) standard_input_ = open_standard_input(context_);
  return {standard_input_, "standard input"};
}

/// The format that reads the source, of whose files the listener hears.
const Format<Source>& SourceLoader::format_to_load(const SourceChoice& choice, const SourceInput& input) const {
  const Format<Source>& format = format_of(choice, input);
  // What nothing else reads is placed as the file that it is.
  const bool may_be_file =
      &format == &image_source() && choice.type.empty() && choice.to && !choice.from && input.is_file();
  if (!choice.is_standard_input && (may_be_file || &format != &image_source())) {
    const bool has_metadata = may_be_file || &format == &file_source() || fs::is_directory(choice.path);
    context_.note_input(choice.path, has_metadata ? InputUse::Metadata : InputUse::Content);
  }
  return may_be_file && !holds_image(input, context_) ? file_source() : format;
}

LayerPart SourceLoader::load_part(const SourceChoice& choice) {
  return blame_spec(choice.location, [&]() -> LayerPart {
    const SourceInput input = input_of(choice);
    const Format<Source>& format = format_to_load(choice, input);
    refuse_unknown_options(choice.options, format.info.options, source_keys());
    LayerPart part{.layer = format.create(choice.options)->load(input, context_), .is_file = &format == &file_source()};
    if (choice.from) {
      part = blame_spec(choice.from_location, [&] {
        return with_context([&] { return choice.written; },
                            [&] { return take_part(std::move(part.layer), *choice.from); });
      });
    }
    apply_part_rules(part, choice, context_);
    return part;
  });
}

LoadedTree SourceLoader::load(const FilesystemChoice& choice) {
  LoadedTree& slot = loaded_[identity(choice)];
  if (slot.tree) return slot;

  Tree tree;
  std::vector<std::string> descriptions;
  for (const SourceChoice& source : choice.sources) {
    LayerPart part = load_part(source);
    descriptions.push_back(std::move(part.layer.description));
    add_part(tree, std::move(part), source, &source == &choice.sources.front());
  }
  OwnerResolver owners(tree);
  apply_pattern_rules(tree, choice.rules, owners);
  add_root_devices(tree, choice.rootdevs, context_.clock(tree));
  add_entries(tree, choice.entries, values_, context_);
  if (choice.sources.empty() && choice.rules.empty()) tree.node(Tree::kRoot).mtime = context_.clock(tree);
  if (choice.selinux_contexts) apply_file_contexts(tree, *choice.selinux_contexts, context_);
  if (choice.mtime) set_mtime(tree, *choice.mtime);
  apply_hard_links(tree, choice.hard_links, context_);
  slot = {std::make_shared<const Tree>(std::move(tree)), std::move(descriptions)};
  return slot;
}

}  // namespace fstool
