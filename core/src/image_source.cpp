#include "image_source.h"

#include <fmt/format.h>

#include <memory>
#include <system_error>

#include "fstool/error.h"
#include "image_opener.h"

namespace fstool {

namespace fs = std::filesystem;

namespace {

bool is_file_or_device(const fs::path& path) {
  std::error_code error;
  const fs::file_type kind = fs::status(path, error).type();
  return kind == fs::file_type::regular || kind == fs::file_type::block;
}

ImageReference reference_of(const SourceInput& input) {
  std::optional<ImageReference> reference = find_image_reference(input.path);
  if (!reference) throw Error(ErrorCode::NotFound, fmt::format("the source {} does not exist", input.name()));
  return *std::move(reference);
}

class ImageSource : public Source {
 public:
  Layer load(const SourceInput& input, Context& context) override {
    context.begin_step(fmt::format("reading {}", input.name()), 0, "files");
    OpenedImage opened =
        input.bytes ? open_image(input.bytes, input.name(), context) : open_image(reference_of(input), context);
    remove_lost_and_found(opened.volume.tree);
    return std::move(opened.volume.tree);
  }

 private:
  /// An empty one is a part of how some file systems work, not of what they hold: whoever needs one makes it.
  static void remove_lost_and_found(Tree& tree) {
    constexpr std::string_view kName = "lost+found";
    const std::optional<NodeId> found = tree.find(Tree::kRoot, kName);
    if (!found || tree.node(*found).kind != NodeKind::Directory || !tree.entries(*found).empty()) return;
    tree.remove(Tree::kRoot, kName);
  }
};

}  // namespace

const Format<Source>& image_source() {
  static const Format<Source> format = [] {
    auto source =
        make_format<Source>(std::string(kImageSource), "A file system in a disk image or block device.",
                            OptionSet<NoOptions>(), [](NoOptions) { return std::make_unique<ImageSource>(); });
    source.info.claim = [](const SourceInput& input) {
      if (input.bytes) return Claim::General;
      const std::optional<ImageReference> reference = find_image_reference(input.path);
      return reference && is_file_or_device(reference->file) ? Claim::General : Claim::None;
    };
    return source;
  }();
  return format;
}

bool holds_image(const SourceInput& input, Context& context) {
  DiskImage image;
  if (input.bytes) {
    image = open_disk_image(input.bytes, input.name(), {}, context);
  } else {
    const ImageReference reference = reference_of(input);
    if (reference.snapshot || reference.partition) return true;
    image = open_disk_image(reference.file, {}, context);
  }
  return !image.container.empty() || image.layout || !image.parts.front().filesystem.empty();
}

std::vector<const Format<Source>*> sources_for(const SourceInput& input, const Registry& registry) {
  std::vector<const Format<Source>*> claiming;
  Claim strongest = Claim::General;
  for (const auto& [name, format] : registry.all<Source>()) {
    const Claim claim = format.info.claim ? format.info.claim(input) : Claim::None;
    if (claim < strongest) continue;
    if (claim > strongest) claiming.clear();
    strongest = claim;
    claiming.push_back(&format);
  }
  if (claiming.empty() && image_source().info.claim(input) != Claim::None) claiming.push_back(&image_source());
  return claiming;
}

}  // namespace fstool
