#include "image_reference.h"

#include <cstddef>
#include <system_error>
#include <utility>

namespace fstool {

namespace fs = std::filesystem;

namespace {

/// The kind of what lies at `path`, symbolic links followed; "none" if that can't be found out.
fs::file_type kind_of(const fs::path& path) {
  std::error_code error;
  return fs::status(path, error).type();
}

bool exists(fs::file_type kind) { return kind != fs::file_type::none && kind != fs::file_type::not_found; }

bool may_be_image(const fs::path& path) {
  const fs::file_type kind = kind_of(path);
  return exists(kind) && kind != fs::file_type::directory;
}

/// The last `separator` in `text` behind which something stands and before which there may be an image.
std::optional<std::size_t> find_separator(const std::string& text, char separator) {
  for (std::size_t at = text.rfind(separator); at != std::string::npos && at > 0; at = text.rfind(separator, at - 1)) {
    if (at + 1 < text.size() && may_be_image(text.substr(0, at))) return at;
  }
  return std::nullopt;
}

/// "before" or "before:2".
std::optional<ImageReference> snapshot_reference(fs::path file, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return ImageReference{std::move(file), text, std::nullopt};
  if (colon == 0 || colon + 1 == text.size()) return std::nullopt;
  return ImageReference{std::move(file), text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::string ImageReference::text() const {
  std::string text = file.string();
  if (snapshot) text += "@" + *snapshot;
  if (partition) text += ":" + *partition;
  return text;
}

std::optional<ImageReference> find_image_reference(const fs::path& text) {
  if (exists(kind_of(text))) return ImageReference{text};
  const std::string& written = text.native();
  if (const std::optional<std::size_t> colon = find_separator(written, ':')) {
    return ImageReference{written.substr(0, *colon), std::nullopt, written.substr(*colon + 1)};
  }
  if (const std::optional<std::size_t> at = find_separator(written, '@')) {
    return snapshot_reference(written.substr(0, *at), written.substr(*at + 1));
  }
  return std::nullopt;
}

}  // namespace fstool
