/// \file
/// The checks of codecs whose blocks make streams.
#pragma once

#include "checklist.h"

namespace fstool::conformance {

void check_streams(const Format<Codec>& format, Checklist& list);

}  // namespace fstool::conformance
