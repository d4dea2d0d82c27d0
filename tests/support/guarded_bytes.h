/// \file
/// Memory between pages that nobody may touch, as the conformance kit has it.
#pragma once

#include "../../core/src/conformance/guarded_bytes.h"

namespace fstool::test {

using conformance::Guard;
using conformance::GuardedBytes;

}  // namespace fstool::test
