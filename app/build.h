/// \file
/// What the commands that write an image have in common.
#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <functional>

#include "build_request.h"
#include "command_line.h"
#include "fstool/context.h"
#include "pipeline.h"
#include "session.h"
#include "spec.h"

namespace fstool {

/// Adds the options of every command that builds.
void add_build_options(boost::program_options::options_description& options);

/// Adds --if-changed, --incremental and --depfile.
void add_record_options(boost::program_options::options_description& options);

/// Throws UsageError for what is wrong with these options; called before any work.
void check_build_options(const ParsedOptions& options);

/// Throws UsageError if the options can't be had with the sources of `spec`.
void check_sources(const Spec& spec, const ParsedOptions& options);

/// Opens the session of a command that builds: warns about plugins that can't be used unless --quiet.
Session open_build_session(const ParsedOptions& options);

/// Calls `make_plan` and, unless --plan says otherwise, writes what it planned to the output; prints what was done.
/// With
/// --if-changed, does so only if `subject` or something that it was made of has changed.
void build(const std::function<Plan(const std::filesystem::path& output, Context& context)>& make_plan,
           const BuildSubject& subject, const ParsedOptions& options, const Session& session);

/// The same for a spec.
void build(const Spec& spec, const ParsedOptions& options, const Session& session);

}  // namespace fstool
