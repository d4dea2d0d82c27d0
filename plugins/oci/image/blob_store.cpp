#include "image/blob_store.h"

#include <fmt/format.h>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::oci {

std::vector<std::byte> read_json_text(const Blob& file) {
  if (file.size() <= kMaxJsonBytes) return read_all(file, kMaxJsonBytes);
  throw Error(ErrorCode::Unsupported, fmt::format("it has {}, and JSON of more than {} is not read",
                                                  format_size(file.size()), format_size(kMaxJsonBytes)));
}

BlobPtr BlobStore::find_file(const Digest& digest) const {
  if (names_ == BlobNames::ByAlgorithm) return files_->find(fmt::format("blobs/{}/{}", digest.algorithm, digest.hex));
  BlobPtr file = files_->find(digest.hex);
  return file ? file : files_->find(digest.hex + ".manifest.json");
}

BlobPtr BlobStore::find(const Descriptor& descriptor) const {
  BlobPtr file = find_file(descriptor.digest);
  if (file && file->size() != descriptor.size) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("it has {} bytes, and {} say those who refer to it", file->size(), descriptor.size));
  }
  return file;
}

Document BlobStore::checked_document(const Descriptor& descriptor) const {
  const BlobPtr file = find(descriptor);
  if (!file) throw Error(ErrorCode::Corrupt, "it is missing");
  Document document;
  document.text = read_json_text(*file);
  const Digest found = digest_of(document.text, descriptor.digest.algorithm);
  if (found != descriptor.digest) {
    throw Error(ErrorCode::Corrupt, fmt::format("it is damaged: its digest is {}", found.text()));
  }
  document.json = parse_json(document.text);
  return document;
}

Document BlobStore::document(const Descriptor& descriptor, std::string_view what) const {
  return with_context([&] { return fmt::format("{} {}", what, descriptor.digest.text()); },
                      [&] { return checked_document(descriptor); });
}

}  // namespace fstool::oci
