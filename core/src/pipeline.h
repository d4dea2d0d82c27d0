/// \file
/// The pipeline: a spec becomes a plan, and a plan becomes a file.
#pragma once

#include <filesystem>
#include <memory>

#include "deferred_text.h"
#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "report.h"
#include "spec.h"
#include "spec_problems.h"

namespace fstool {

/// All that is to be written, as a Blob that nobody has read yet.
struct Plan {
  std::shared_ptr<const DeferredValues> values;  ///< what contents of the disk refer to; null: nothing
  BlobPtr disk;
  std::unique_ptr<Container> container;
  std::unique_ptr<Codec> codec;  ///< null: none
  Report report;                 ///< without `output`
  double seconds = 0;            ///< what planning took
};

/// Loads the sources and lays everything out. Options, partitions and their types are checked before any source is
/// read, and no file content is read at all. `output` chooses the container if the spec does not, and must not lie
/// inside a source; it is not touched. An empty `output` is for a plan that is only shown. `problems` are those that
/// were found when the spec was read: nothing is loaded then, but more of them are looked for.
/// Throws Error: spec_error() for all that is wrong in the spec, as far as that is seen without its sources; what a
/// plugin reports, with the chain of what was done.
Plan make_plan(const Spec& spec, const std::filesystem::path& output, Context& context, SpecProblems problems = {});

/// Writes a plan to `output` and makes it permanent. Returns the plan's report with the `output` part. If it throws,
/// `output` is what it was before.
Report write_plan(const Plan& plan, const std::filesystem::path& output, OutputFile::Options options, Context& context);

}  // namespace fstool
