/// \file
/// Whether a partition table can hold what a spec asks for, before anything is loaded.
#pragma once

#include "deferred_text.h"
#include "disk_planner.h"
#include "fstool/context.h"
#include "spec.h"
#include "spec_problems.h"

namespace fstool {

/// Asks the table of `job` about each partition of `spec` by itself, for errors about its type, name, uuid and options
/// that say where those are written, and, if there are none, about all of them: what it complains of goes to
/// `problems`. If there were some before, it is asked about what doesn't depend on sizes only. That something doesn't
/// fit is a problem if all sizes are known.
void check_table(const Spec& spec, const DiskJob& job, DeferredValues& values, Context& context,
                 SpecProblems& problems);

}  // namespace fstool
