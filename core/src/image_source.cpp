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

class ImageSource : public Source {
 public:
  Tree load(const fs::path& location, Context& context) override {
    const std::optional<ImageReference> reference = find_image_reference(location);
    if (!reference) throw Error(ErrorCode::NotFound, fmt::format("the source {} does not exist", location.string()));
    context.begin_step(fmt::format("reading {}", reference->text()), 0, "files");
    return std::move(open_image(*reference, context).volume.tree);
  }
};

}  // namespace

const Format<Source>& image_source() {
  static const Format<Source> format = [] {
    auto source =
        make_format<Source>(std::string(kImageSource), "A file system in a disk image or block device.",
                            OptionSet<NoOptions>(), [](NoOptions) { return std::make_unique<ImageSource>(); });
    source.info.accepts = [](const fs::path& path) {
      const std::optional<ImageReference> reference = find_image_reference(path);
      return reference && is_file_or_device(reference->file);
    };
    return source;
  }();
  return format;
}

std::vector<const Format<Source>*> sources_for(const fs::path& path, const Registry& registry) {
  std::vector<const Format<Source>*> accepting;
  for (const auto& [name, format] : registry.all<Source>()) {
    if (format.info.accepts && format.info.accepts(path)) accepting.push_back(&format);
  }
  if (accepting.empty() && image_source().info.accepts(path)) accepting.push_back(&image_source());
  return accepting;
}

}  // namespace fstool
