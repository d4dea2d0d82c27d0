#include <system_error>
#include <utility>

#include "fstool/source.h"

namespace fstool {

namespace fs = std::filesystem;

SourceInput::SourceInput(fs::path host_path) : path(std::move(host_path)) {}
SourceInput::SourceInput(BlobPtr file_bytes, std::string bytes_name)
    : path(std::move(bytes_name)), bytes(std::move(file_bytes)) {}

bool SourceInput::is_file() const {
  std::error_code error;
  return bytes || fs::is_regular_file(path, error);
}

BlobPtr SourceInput::open() const { return bytes ? bytes : open_file_blob(path); }

}  // namespace fstool
