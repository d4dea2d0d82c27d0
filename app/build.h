/// \file
/// What `run` and `create` have in common: a spec is planned and written.
#pragma once

#include <boost/program_options.hpp>

#include "command_line.h"
#include "session.h"
#include "spec.h"

namespace fstool {

/// Adds --output, --threads, --plan, --json, --quiet, --strict, --force, --sync and --no-sync.
void add_build_options(boost::program_options::options_description& options);

/// Throws UsageError for what is wrong with these options; called before any work.
void check_build_options(const ParsedOptions& options);

/// Opens the session of a command that builds: warns about plugins that can't be used unless --quiet.
Session open_build_session(const ParsedOptions& options);

/// Plans `spec`, and unless --plan says otherwise writes it, and prints what was done.
void build(const Spec& spec, const ParsedOptions& options, const Session& session);

}  // namespace fstool
