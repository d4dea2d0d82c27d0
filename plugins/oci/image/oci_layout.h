/// \file
/// The images of an OCI image layout, and of what skopeo's transport "dir" writes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "files/image_files.h"
#include "image/image.h"

namespace fstool::oci {

/// The images that "index.json" and the indexes in it lead to (OCI image specification, "Image Layout"), without what
/// is no image: attestations, signatures and other artifacts. Throws Error(Corrupt/Unsupported/Io).
std::vector<ImageOffer> offers_of_layout(const std::shared_ptr<const ImageFiles>& files);

/// The image, or those of the index, that is "manifest.json".
std::vector<ImageOffer> offers_of_flat_folder(const std::shared_ptr<const ImageFiles>& files);

}  // namespace fstool::oci
