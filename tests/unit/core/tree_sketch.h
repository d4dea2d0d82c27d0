/// \file
/// Trees and layers as lines of text, so that a test shows what it lays over what.
#pragma once

#include <string>
#include <vector>

#include "fstool/layer.h"

namespace fstool::test {

using Lines = std::vector<std::string>;

/// A layer of lines "KIND PATH VALUE", whose root is implied. Directories that lead to a path are made, implied ones.
///
///     f usr/a text        a file
///     d usr 7             a directory of the owner 7; without one, root's
///     s lib usr/lib       a symbolic link
///     w usr/b             a whiteout of overlayfs: a character device 0:0
///     n dev/null          another device
///     h b usr/a           a second name of usr/a
///     l c usr/d           a lower link to usr/d
///     x usr user.a=b      an extended attribute of what is there
///     r 7                 the root is a directory that the layer describes, of the owner 7
Layer layer_of(const Lines& lines);

/// What has a name in a tree, in the same notation, by path, without the root. A name is a second one if the first is
/// above it. What has attributes is followed by them: "d usr {user.a=b}".
Lines lines_of(const Tree& tree);

}  // namespace fstool::test
