/// \file
/// What a layer says about names beside those of its tree, and how it follows when these change.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "fstool/layer.h"

namespace fstool {

/// Takes away what the layer says about directories that are no longer in its tree.
void forget_removed(Layer& layer);

/// Takes away the lower links that `keep` returns false for; `path` is theirs from the root, without a slash at its
/// start.
void filter_lower_links(Layer& layer, const std::function<bool(std::string_view path, const LowerLink& link)>& keep);

/// Says that nothing describes this directory, which was just made.
void add_implied(Layer& layer, NodeId made);
/// Says that something describes these nodes now.
void remove_implied(Layer& layer, std::vector<NodeId> described);

/// Gives what has a name another one, of the same directory or not; what is in a directory comes along. Nothing has the
/// new name, and it does not lie in what is moved. The numbers of directories change.
void move_name(Layer& layer, NodeId directory, std::string_view name, NodeId new_directory, std::string_view new_name);

/// The directory that `path` leads to from the root, through symbolic links to directories. What is missing is made:
/// implied directories (0755, 0:0) with the time `mtime`. Throws Error(InvalidArgument) where there is anything else.
NodeId make_implied_directories(Layer& layer, std::string_view path, Timestamp mtime);

}  // namespace fstool
