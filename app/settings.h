/// \file
/// From options that several commands have to the settings of a Context.
#pragma once

#include "command_line.h"
#include "fstool/context.h"

namespace fstool {

/// Adds --threads.
void add_threads_option(boost::program_options::options_description& options);

/// What --threads says; 0: one for each processor. Throws UsageError.
unsigned thread_count(const ParsedOptions& options);

/// The settings that --threads, --quiet, --strict and $SOURCE_DATE_EPOCH ask for. Throws UsageError.
Context::Settings context_settings(const ParsedOptions& options);

}  // namespace fstool
