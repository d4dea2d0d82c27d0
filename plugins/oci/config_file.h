/// \file
/// Puts the configuration of an image into its tree.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool::oci {

/// Throws Error(InvalidArgument) if `path` can't be that of a file: it is empty, ends with '/' or has "." or ".." in
/// it.
void check_config_path(std::string_view path);

/// Adds a file of root's, 0644, with `text`, in place of another file at `path`. Directories are made, 0755. Their time
/// is that of Context::clock(). Throws Error(InvalidArgument) if a directory is at `path`, or what is none is above it.
void add_config_file(Tree& tree, std::string_view path, std::vector<std::byte> text, const Context& context);

}  // namespace fstool::oci
