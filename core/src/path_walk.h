/// \file
/// The way to a file through symbolic links, in a tree that is opened piece by piece.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "fstool/filesystem.h"
#include "target.h"

namespace fstool {

/// Opens a part of a tree, which ends where the path goes through what is no directory.
using OpenTree = std::function<std::shared_ptr<const Tree>(const OpenScope& scope)>;

/// As Target::locate(). `where` names target and path in messages. Opens once, and once more for each link followed and
/// each ".." behind a name.
LocatedNode walk_path(std::string_view path, const std::string& where, OpenScope::Depth depth, LastLink last_link,
                      const OpenTree& open);

}  // namespace fstool
