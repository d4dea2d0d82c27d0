/// \file
/// What stands in the way of an extraction, found before anything is written.
#pragma once

#include "extractor/directory_opener.h"
#include "extractor/extraction_plan.h"

namespace fstool {

/// Looks for the names of `plan` below the directory of `opener`. Directories of both sides become one. Anything else
/// that exists is in the way; with `replace` only a directory is, where something else must go. Throws
/// Error(InvalidArgument) that names the first of them and says what to do. Only a help: names that come to be
/// afterwards are found again when they are made.
void refuse_conflicts(const ExtractionPlan& plan, DirectoryOpener& opener, bool replace);

}  // namespace fstool
