#include "target.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "format_probe.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "image_opener.h"
#include "image_reference.h"
#include "image_source.h"
#include "path_walk.h"

namespace fstool {

namespace {

const Format<Source>& source_of(const std::string& text, const FormatOverrides& overrides, const Registry& registry) {
  if (!overrides.source.empty()) return registry.get<Source>(overrides.source);
  if (overrides != FormatOverrides()) return image_source();
  const std::vector<const Format<Source>*> accepting = sources_for(SourceInput(text), registry);
  if (accepting.size() == 1) return *accepting.front();
  if (accepting.size() > 1) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("both \"{}\" and \"{}\" can read {}: choose one with --format",
                                                        accepting[0]->info.name, accepting[1]->info.name, text));
  }
  if (!find_image_reference(text)) throw Error(ErrorCode::NotFound, fmt::format("{} does not exist", text));
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{} is neither an image nor anything that a source plugin reads (there are: {})", text,
                          format_names<Source>(registry)));
}

}  // namespace

Target Target::open(const std::string& text, const FormatOverrides& overrides, Context& context) {
  Target target(text, context);
  target.overrides_ = overrides;
  const Format<Source>& source = source_of(text, overrides, context.registry());
  if (&source != &image_source()) {
    // There is nothing between opening such a source and having all of it.
    target.whole_ = std::make_shared<const Tree>(tree_of(source.create({})->load(SourceInput(text), context)));
    return target;
  }
  const std::optional<ImageReference> reference = find_image_reference(text);
  if (!reference) throw Error(ErrorCode::NotFound, fmt::format("{} does not exist", text));
  target.image_ = open_disk_image(reference->file, overrides, context, reference->snapshot.value_or(""));
  target.partition_ = reference->partition;
  return target;
}

const DiskPart& Target::part() {
  if (!image_) throw Error(ErrorCode::InvalidArgument, fmt::format("{} is not an image", name_));
  if (!part_) {
    with_context([&] { return fmt::format("opening {}", name_); },
                 [&] { part_ = choose_filesystem(*image_, partition_, overrides_, *context_); });
  }
  return image_->parts[*part_];
}

BlobPtr Target::bytes() {
  if (!image_ || partition_) return part().bytes;
  return image_->disk;
}

VolumeFacts Target::facts() {
  const DiskPart& opened = part();
  return with_context([&] { return fmt::format("opening {}", name_); },
                      [&] { return inspect_volume(opened, *context_); });
}

std::shared_ptr<const Tree> Target::open_tree(const OpenScope& scope) {
  if (whole_) return whole_;
  const DiskPart& opened = part();
  auto tree = with_context([&] { return fmt::format("opening {}", name_); },
                           [&] { return std::make_shared<const Tree>(open_volume(opened, scope, *context_).tree); });
  if (scope.path.empty() && scope.depth == OpenScope::Depth::Everything) whole_ = tree;
  return tree;
}

std::shared_ptr<const Tree> Target::tree() { return open_tree({}); }

LocatedNode Target::locate(std::string_view path, OpenScope::Depth depth, LastLink last_link) {
  return walk_path(path, target_path(*this, path), depth, last_link,
                   [&](const OpenScope& scope) { return open_tree(scope); });
}

std::string target_path(const Target& target, std::string_view path) {
  return fmt::format("{}: {}{}", target.name(), path.starts_with('/') ? "" : "/", path);
}

}  // namespace fstool
