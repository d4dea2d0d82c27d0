#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "files/image_files.h"
#include "fstool/error.h"

namespace fstool::oci {

namespace {

namespace fs = std::filesystem;

class FolderFiles : public ImageFiles {
 public:
  explicit FolderFiles(fs::path root) : root_(std::move(root)) {}

  BlobPtr find(std::string_view name) const override {
    if (name.find('\0') != std::string_view::npos) return nullptr;
    // Not `root_ / name`, which is `name` alone if that begins with a slash.
    const fs::path path = root_.native() + "/" + std::string(name);
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return nullptr;
    if (error) throw system_error("reading " + path.string(), error.value());
    if (std::ranges::mismatch(root_, real).in1 != root_.end()) {
      throw Error(ErrorCode::Corrupt, fmt::format("{} leads out of the image, to {}", path.string(), real.string()));
    }
    if (!fs::is_regular_file(real, error)) {
      throw Error(ErrorCode::Corrupt, fmt::format("{} is no file", path.string()));
    }
    return open_file_blob(real);
  }

 private:
  fs::path root_;  // absolute, without symbolic links
};

}  // namespace

std::unique_ptr<ImageFiles> files_in_folder(const fs::path& folder) {
  std::error_code error;
  fs::path root = fs::canonical(folder, error);
  if (error) throw system_error("reading " + folder.string(), error.value());
  return std::make_unique<FolderFiles>(std::move(root));
}

}  // namespace fstool::oci
