/// \file
/// Loads the sources of a spec, each once, and changes their trees as the spec asks.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "deferred_text.h"
#include "fstool/context.h"
#include "fstool/registry.h"
#include "fstool/source.h"
#include "fstool/tree.h"
#include "layer_part.h"
#include "spec.h"
#include "spec_problems.h"

namespace fstool {

/// What fills a file system.
struct LoadedTree {
  std::shared_ptr<const Tree> tree;
  std::vector<std::string> descriptions;  ///< one of each source: a JSON object, empty if there is none
};

/// Makes the trees of file systems. A source that names no type is read by the plugin that claims it, else as an
/// image. Not thread-safe.
class SourceLoader {
 public:
  /// `output` is where the result goes, empty if nowhere, "-" for standard output: a source must not contain it.
  /// `values` must outlive the trees.
  SourceLoader(Context& context, std::filesystem::path output, const DeferredValues& values);

  /// Finds what can be found without listing a source: it does not exist, no source claims it, wrong options, the
  /// output in it, standard input twice. What is wrong goes to `problems`. Call it once for each choice.
  void check(const FilesystemChoice& choice, SpecProblems& problems);

  /// The tree of `choice`: its layers from the lowest one up, with its device nodes, entries and mtime applied. Equal
  /// choices share one tree.
  LoadedTree load(const FilesystemChoice& choice);

 private:
  void check(const SourceChoice& choice, SpecProblems& problems);
  void claim_standard_input(const SourceChoice& choice);
  void refuse_output_inside(const SourceChoice& choice) const;
  void refuse_bad_image(const SourceChoice& choice) const;
  void refuse_bad_file(const SourceChoice& choice) const;

  SourceInput input_of(const SourceChoice& choice);
  const Format<Source>& format_of(const SourceChoice& choice, const SourceInput& input) const;
  const Format<Source>& format_to_load(const SourceChoice& choice, const SourceInput& input) const;
  LayerPart load_part(const SourceChoice& choice);

  Context& context_;
  std::filesystem::path output_;
  const DeferredValues& values_;
  const SourceChoice* reads_standard_input_ = nullptr;  ///< of those that were checked
  BlobPtr standard_input_;                              ///< once it was read
  std::map<std::string, LoadedTree> loaded_;
};

}  // namespace fstool
