#include "source_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "formats.h"
#include "fstool/error.h"
#include "image_reference.h"
#include "image_source.h"
#include "same_file.h"
#include "spec_entries.h"
#include "spec_keys.h"
#include "tree_digest.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

/// `path` without symbolic links, as far as it exists; the path itself if that can't be found out.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return path;
  fs::path real = fs::weakly_canonical(absolute, error);
  return error ? absolute : real;
}

/// True if `path` is `directory` or below it; both real.
bool is_inside(const fs::path& path, const fs::path& directory) {
  return std::ranges::mismatch(directory, path).in1 == directory.end();
}

void add(Digest& digest, const EntryChoice& entry) {
  digest.add(static_cast<std::uint64_t>(entry.kind));
  digest.add(std::string_view(entry.path));
  digest.add(std::string_view(entry.content.written()));
  digest.add(std::string_view(entry.copy.value_or(fs::path()).native()));
  digest.add(std::string_view(entry.target));
  digest.add(std::uint64_t{entry.permissions ? *entry.permissions + 1U : 0});
  digest.add(std::uint64_t{entry.uid});
  digest.add(std::uint64_t{entry.gid});
}

/// Names what makes two choices give the same tree.
std::string identity(const FilesystemChoice& choice) {
  Digest digest;
  if (choice.source) {
    digest.add(std::string_view(choice.source->type));
    digest.add(std::string_view(real_path(choice.source->path).native()));
    digest.add(choice.source->options);
  }
  for (const EntryChoice& entry : choice.entries) add(digest, entry);
  digest.add(static_cast<std::uint64_t>(choice.rootdevs));
  digest.add(std::uint64_t{choice.mtime.has_value()});
  digest.add(static_cast<std::uint64_t>(choice.mtime.value_or(0)));
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

}  // namespace

SourceLoader::SourceLoader(Context& context, fs::path output, const DeferredValues& values)
    : context_(context), output_(std::move(output)), values_(values) {}

const Format<Source>& SourceLoader::format_of(const SourceChoice& choice) const {
  const Registry& registry = context_.registry();
  if (choice.type == kImageSource) return image_source();
  if (!choice.type.empty()) return find_format<Source>(registry, choice.type, choice.type_location);

  const std::vector<const Format<Source>*> accepting = sources_for(choice.path, registry);
  if (accepting.size() == 1) return *accepting.front();
  if (accepting.size() > 1) {
    throw spec_error(choice.location, fmt::format("both \"{}\" and \"{}\" can read the source {}: choose one, as in "
                                                  "source = {{ path = \"{}\", type = \"{}\" }}",
                                                  accepting[0]->info.name, accepting[1]->info.name, choice.written,
                                                  choice.written, accepting[0]->info.name));
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

std::unique_ptr<Source> SourceLoader::create(const SourceChoice& choice) const {
  const Format<Source>& format = format_of(choice);
  refuse_unknown_options(choice.options, format.info.options, source_keys());
  return format.create(choice.options);
}

void SourceLoader::refuse_output_inside(const SourceChoice& choice) const {
  if (output_.empty()) return;
  const fs::path output = real_path(output_);
  const fs::path source = real_path(choice.path);
  if (!is_inside(output, source)) return;
  if (output == source) {
    throw spec_error(choice.location, fmt::format("the output {} is the source itself", output_.string()));
  }
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

void SourceLoader::check(const FilesystemChoice& choice, SpecProblems& problems) const {
  if (!choice.source) return;
  const SourceChoice& source = *choice.source;
  problems.collect(source.location, [&] {
    refuse_output_inside(source);
    const Format<Source>& format = format_of(source);
    if (&format == &image_source()) refuse_bad_image(source);
    use_options(
        without_unknown_options(source.options, format.info.options, source_keys(), problems), source.location,
        [&](const OptionTable& options) { format.create(options); }, problems);
  });
}

/// An image says itself which files it is made of.
void SourceLoader::note_source(const SourceChoice& choice) const {
  if (&format_of(choice) == &image_source()) return;
  const bool is_directory = fs::is_directory(choice.path);
  context_.note_input(choice.path, is_directory ? InputUse::Metadata : InputUse::Content);
}

std::shared_ptr<const Tree> SourceLoader::load(const FilesystemChoice& choice) {
  std::shared_ptr<const Tree>& slot = loaded_[identity(choice)];
  if (slot) return slot;

  Tree tree;
  if (choice.source) {
    try {
      note_source(*choice.source);
      tree = tree_of(create(*choice.source)->load(choice.source->path, context_));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::NotFound && error.code() != ErrorCode::InvalidArgument) throw;
      throw spec_error(choice.source->location, error.what());
    }
  }
  add_root_devices(tree, choice.rootdevs, context_.clock(tree));
  add_entries(tree, choice.entries, values_, context_);
  if (choice.mtime) set_mtime(tree, {.seconds = *choice.mtime});
  slot = std::make_shared<const Tree>(std::move(tree));
  return slot;
}

}  // namespace fstool
