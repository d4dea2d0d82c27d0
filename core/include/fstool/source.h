/// \file
/// Source: the first stage. What the host has becomes a Tree.
#pragma once

#include <filesystem>
#include <string>

#include "fstool/api.h"
#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool {

/// One source to load. Life: created with its options, load() once, destroyed.
class FSTOOL_API Source {
 public:
  virtual ~Source();

  /// Lists everything below `location`. Contents are not read now: each file's content is a Blob that reads when it is
  /// asked, keeps what it needs alive, and throws Error(Changed) if the file is no longer what was listed.
  /// Throws Error (NotFound, Io, Corrupt, …) whose message names the path in question.
  virtual Tree load(const std::filesystem::path& location, Context& context) = 0;
};

}  // namespace fstool
