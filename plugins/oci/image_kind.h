/// \file
/// Recognizes container images.
#pragma once

#include "files/image_files.h"
#include "fstool/blob.h"

namespace fstool::oci {

/// How an image is stored.
enum class ImageKind {
  None,           ///< it is no image
  Layout,         ///< the OCI's: "oci-layout", "index.json" and "blobs"; newer versions of `docker save` write it, too
  DockerArchive,  ///< what `docker save` writes: a list in "manifest.json"
  FlatFolder,     ///< skopeo's "dir": a manifest in "manifest.json", and "version"
};

/// What the files are, of a folder or an unpacked archive. Throws Error(Io), and Error(Corrupt/Unsupported) for files
/// that can't be read.
ImageKind kind_of(const ImageFiles& files);

/// True if it is a tar, not compressed, of an image. Looks at headers and at manifest.json only, and gives up soon on a
/// tar that is like no image. Throws Error(Io).
bool is_image_tar(const BlobPtr& file);

}  // namespace fstool::oci
