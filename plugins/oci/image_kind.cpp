#include "image_kind.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "files/tar_listing.h"
#include "fstool/error.h"
#include "image/blob_store.h"
#include "image/docker_archive.h"
#include "json_document.h"

namespace fstool::oci {

namespace {

constexpr std::string_view kLayoutFile = "oci-layout";
constexpr std::string_view kIndexFile = "index.json";
constexpr std::string_view kManifestFile = "manifest.json";
/// What the file "version" of skopeo's "dir" begins with.
constexpr std::string_view kFlatVersion = "Directory Transport Version";
/// Images have a few files a layer, and of layers some dozens.
constexpr std::size_t kMaxBlobs = 65'536;
constexpr std::size_t kMaxOtherMembers = 1024;

bool begins_with(const Blob& file, std::string_view text) {
  if (file.size() < text.size()) return false;
  std::vector<char> begin(text.size());
  file.read(0, std::as_writable_bytes(std::span(begin)));
  return std::ranges::equal(begin, text);
}

/// The file is the manifest of `docker save`. False for what is no JSON.
bool is_docker_manifest(const Blob& file) {
  if (!begins_with(file, "[")) return false;
  try {
    return is_docker_list(parse_json(read_json_text(file)));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    return false;
  }
}

}  // namespace

ImageKind kind_of(const ImageFiles& files) {
  if (files.find(kLayoutFile) && files.find(kIndexFile)) return ImageKind::Layout;
  const BlobPtr manifest = files.find(kManifestFile);
  if (!manifest) return ImageKind::None;
  if (is_docker_manifest(*manifest)) return ImageKind::DockerArchive;
  const BlobPtr version = files.find("version");
  return version && begins_with(*version, kFlatVersion) ? ImageKind::FlatFolder : ImageKind::None;
}

bool is_image_tar(const BlobPtr& file) {
  TarListing listing(*file);
  bool has_layout = false;
  bool has_index = false;
  std::size_t blobs = 0;
  std::size_t others = 0;
  while (const std::optional<TarMember> member = listing.next()) {
    if (member->name == kManifestFile && is_docker_manifest(*make_slice_blob(file, member->offset, member->size))) {
      return true;
    }
    has_layout = has_layout || member->name == kLayoutFile;
    has_index = has_index || member->name == kIndexFile;
    if (has_layout && has_index) return true;
    const bool is_blob = member->name.starts_with("blobs/");
    if (is_blob ? ++blobs > kMaxBlobs : ++others > kMaxOtherMembers) return false;
  }
  return false;
}

}  // namespace fstool::oci
