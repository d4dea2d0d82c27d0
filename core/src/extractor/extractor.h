/// \file
/// Writes what is in a Tree into a directory of the host.
///
/// A Tree may come from anybody. What keeps it inside the directory:
///   * A name in a Tree has no '/' and is not ".." (Tree::add() refuses them), and every call gets one name and the
///     descriptor of the directory that it is in. Directories are opened below the top one without following links.
///   * Everything is made exclusively, so nothing that exists is written to. It is open to its owner alone until it is
///     complete.
///   * Attributes are set through the descriptor of what was made, or without following links.
#pragma once

#include <cstdint>
#include <filesystem>

#include "extractor/extraction_plan.h"
#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool {

struct ExtractOptions {
  /// Replace what exists and is no directory, each when the new one is complete. Never followed or written to; a
  /// directory is never replaced.
  bool replace = false;
};

/// What was made.
struct ExtractionReport {
  std::uint64_t directories = 0;  ///< those that existed included
  std::uint64_t files = 0;
  std::uint64_t links = 0;   ///< further names
  std::uint64_t others = 0;  ///< symbolic links, devices, fifos and sockets
  std::uint64_t bytes = 0;   ///< of content
};

/// Writes what `plan` says of `tree` into `directory`, which is made if it doesn't exist (its parents too), with all of
/// context.workers(). Existing directories are used and get the attributes of the tree's, except those that only lead
/// to what was asked for. What the host refuses (owners without root, attributes, devices) is a warning for each kind.
///
/// Files are complete or absent. One whose content is damaged is left out and told to context.report_damage(); all
/// others are written, and then Error(Corrupt) is thrown. Any other error ends the extraction, after a warning that
/// `directory` is incomplete. Throws Error(InvalidArgument), before anything is written, if something is in the way.
ExtractionReport extract(const Tree& tree, const ExtractionPlan& plan, const std::filesystem::path& directory,
                         const ExtractOptions& options, Context& context);

}  // namespace fstool
