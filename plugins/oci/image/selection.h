/// \file
/// Chooses one of the images that there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fstool/context.h"
#include "image/image.h"
#include "platform.h"

namespace fstool::oci {

/// What the user asked for.
struct Wish {
  std::optional<std::string> image;  ///< a name, or a digest; nothing: there is only one
  std::optional<Platform> platform;  ///< nothing: `host`, or the only one that there is
  Platform host;
};

/// The one that suits the wish. A name is one that somebody gave it, with or without "docker.io/library/" and
/// ":latest"; a digest is that of its manifest, of an index that it is in, or of its configuration. An image for
/// another machine that nobody asked for is taken with a warning if it is the only one. Throws Error(InvalidArgument),
/// which lists what there is, if there is none or there are several.
const ImageOffer& choose(const std::vector<ImageOffer>& offers, const Wish& wish, Context& context);

}  // namespace fstool::oci
