/// \file
/// Loads the sources of a spec, each once, and changes their trees as the spec asks.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "deferred_text.h"
#include "fstool/context.h"
#include "fstool/registry.h"
#include "fstool/source.h"
#include "fstool/tree.h"
#include "spec.h"
#include "spec_problems.h"

namespace fstool {

/// Makes the trees of file systems. A source that names no type is read by the plugin that accepts its path, else as an
/// image. Not thread-safe.
class SourceLoader {
 public:
  /// `output` is where the result goes, empty if nowhere: a source must not contain it.
  /// `values` must outlive the trees.
  SourceLoader(Context& context, std::filesystem::path output, const DeferredValues& values);

  /// Finds what can be found without listing a source: it does not exist, no source accepts it, wrong options, the
  /// output in it. What is wrong goes to `problems`.
  void check(const FilesystemChoice& choice, SpecProblems& problems) const;

  /// The tree of `choice`, with its device nodes, entries and mtime applied. Equal choices share one tree.
  std::shared_ptr<const Tree> load(const FilesystemChoice& choice);

 private:
  const Format<Source>& format_of(const SourceChoice& choice) const;
  std::unique_ptr<Source> create(const SourceChoice& choice) const;
  void refuse_output_inside(const SourceChoice& choice) const;
  void refuse_bad_image(const SourceChoice& choice) const;

  Context& context_;
  std::filesystem::path output_;
  const DeferredValues& values_;
  std::map<std::string, std::shared_ptr<const Tree>> loaded_;
};

}  // namespace fstool
