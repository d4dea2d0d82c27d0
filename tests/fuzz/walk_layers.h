/// \file
/// Lays hostile layers over one another and applies hostile rules to them.
#pragma once

#include <cstddef>
#include <span>

namespace fstool::fuzz {

/// `input` is a text of parts, of which a line "%WORD" begins each. A part "layer" has the files of one more layer, a
/// line each, KIND PATH TARGET:
///
///     d usr/bin            a directory
///     i usr                a directory that nothing describes
///     f usr/bin/sh text    a file
///     s bin usr/bin        a symbolic link
///     h usr/bin/ash usr/bin/sh    a hard link, to a lower layer if this one has no such file
///     w etc                a character device 0:0
///
/// Parts "exclude", "include", "rename" (lines OLD NEW), "strip" (a number), "manifest", "devices", "mode" and
/// "contexts" are applied to the layer that comes last before them. What rules refuse ends them silently. All other
/// errors are bugs, and so is a layer that is not sound (std::logic_error).
void walk_layers(std::span<const std::byte> input);

}  // namespace fstool::fuzz
