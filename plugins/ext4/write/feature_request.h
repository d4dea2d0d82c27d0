/// \file
/// Which features a file system gets.
#pragma once

#include <string_view>

#include "ondisk/features.h"

namespace fstool::ext4 {

/// `defaults` changed by a list as mke2fs -O takes it: names separated by commas or spaces, a name with ^ in front
/// takes the feature away, "none" takes all away. Throws Error(InvalidArgument) for an unknown name and for features
/// that need or exclude each other, Error(Unsupported) for those that are not written.
Features request_features(const Features& defaults, std::string_view list);

/// The features that such a list takes away, those that the defaults don't have included. Throws as request_features()
/// for what it names.
Features refused_features(std::string_view list);

}  // namespace fstool::ext4
