#include "text_file.h"

#include <span>

namespace fstool {

void write_text_file(const std::filesystem::path& path, std::string_view text, OutputFile::Sync sync) {
  OutputFile file(path, {.force = false, .sync = sync});
  file.write_at(0, std::as_bytes(std::span(text)));
  file.set_size(text.size());
  file.commit();
}

}  // namespace fstool
