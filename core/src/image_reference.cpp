#include "image_reference.h"

#include <system_error>

namespace fstool {

namespace fs = std::filesystem;

namespace {

/// The kind of what lies at `path`, symbolic links followed; "none" if that can't be found out.
fs::file_type kind_of(const fs::path& path) {
  std::error_code error;
  return fs::status(path, error).type();
}

bool exists(fs::file_type kind) { return kind != fs::file_type::none && kind != fs::file_type::not_found; }

}  // namespace

std::string ImageReference::text() const { return partition ? file.string() + ":" + *partition : file.string(); }

std::optional<ImageReference> find_image_reference(const fs::path& text) {
  if (exists(kind_of(text))) return ImageReference{text, std::nullopt};
  const std::string& written = text.native();
  for (std::size_t colon = written.rfind(':'); colon != std::string::npos && colon > 0;
       colon = written.rfind(':', colon - 1)) {
    const fs::path file = written.substr(0, colon);
    const fs::file_type kind = kind_of(file);
    if (!exists(kind) || kind == fs::file_type::directory || colon + 1 == written.size()) continue;
    return ImageReference{file, written.substr(colon + 1)};
  }
  return std::nullopt;
}

}  // namespace fstool
