/// \file
/// From options that several commands have to the settings of a Context.
#pragma once

#include "command_line.h"
#include "fstool/context.h"
#include "log_level.h"

namespace fstool {

/// Adds --threads.
void add_threads_option(boost::program_options::options_description& options);

/// Adds --progress and --log-level.
void add_progress_options(boost::program_options::options_description& options);

/// Adds --verbose, for commands whose -v means nothing else.
void add_verbose_option(boost::program_options::options_description& options);

/// What --log-level, --verbose and --quiet say. Throws UsageError.
LogLevel log_level(const ParsedOptions& options);

/// What --threads says; 0: one for each processor. Throws UsageError.
unsigned thread_count(const ParsedOptions& options);

/// The settings that --threads, --progress, the log level, --strict and $SOURCE_DATE_EPOCH ask for. Throws UsageError.
Context::Settings context_settings(const ParsedOptions& options);

}  // namespace fstool
