/// \file
/// BlobStore: the parts of an image by their digests.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "files/image_files.h"
#include "image/descriptor.h"
#include "json_document.h"

namespace fstool::oci {

/// Where a part lies.
enum class BlobNames {
  ByAlgorithm,  ///< "blobs/sha256/6c3c62…" (OCI image specification, "Image Layout", section "Blobs")
  Flat,         ///< "6c3c62…" or "6c3c62….manifest.json", as skopeo's transport "dir" has it
};

/// A file of JSON: its bytes, and what they say.
struct Document {
  std::vector<std::byte> text;
  Json json;
};

/// The bytes of a file that is to be JSON. Throws Error(Unsupported) beyond kMaxJsonBytes.
std::vector<std::byte> read_json_text(const Blob& file);

/// Finds parts, and checks those that are JSON. Thread-safe.
class BlobStore {
 public:
  BlobStore(std::shared_ptr<const ImageFiles> files, BlobNames names) : files_(std::move(files)), names_(names) {}

  /// The file, of the size that the descriptor says; its digest isn't checked. Null if it is missing.
  /// Throws Error(Corrupt) for another size.
  BlobPtr find(const Descriptor& descriptor) const;
  /// The JSON, after its size and its digest were found to be right. `what` it is, for messages. Throws
  /// Error(Corrupt/Unsupported).
  Document document(const Descriptor& descriptor, std::string_view what) const;

 private:
  BlobPtr find_file(const Digest& digest) const;
  Document checked_document(const Descriptor& descriptor) const;

  std::shared_ptr<const ImageFiles> files_;
  BlobNames names_;
};

}  // namespace fstool::oci
