/// \file
/// The images of what `docker save` writes.
#pragma once

#include <memory>
#include <vector>

#include "files/image_files.h"
#include "image/image.h"
#include "json_document.h"

namespace fstool::oci {

/// True if that is the "manifest.json" of `docker save`: a list of images with their configurations and layers.
bool is_docker_list(const Json& document);

/// The images that "manifest.json" lists. Files are checked with the digests that they are called by, and layers with
/// those that the configuration has. Throws Error(Corrupt/Unsupported/Io).
std::vector<ImageOffer> offers_of_docker_archive(const std::shared_ptr<const ImageFiles>& files, const Json& list);

}  // namespace fstool::oci
