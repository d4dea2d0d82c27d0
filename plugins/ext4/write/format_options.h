/// \file
/// What the options of a format mean for the file system that is written.
#pragma once

#include "fstool/filesystem.h"
#include "options.h"
#include "write/image.h"
#include "write/profile.h"
#include "write/sizing.h"

namespace fstool::ext4 {

/// Checks the options by themselves, before there is a tree. Throws Error(InvalidArgument/Unsupported).
Profile make_profile(Generation generation, const ExtOptions& options);

SizingRequest make_sizing_request(const ExtOptions& options, const Profile& profile, const SizeRequest& size);

/// The settings that follow from options alone.
ImageSettings make_image_settings(const ExtOptions& options, const Profile& profile);

}  // namespace fstool::ext4
