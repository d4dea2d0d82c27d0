/// \file
/// A JSON Schema of specs, from the declarations of their keys and of the options of the formats that there are.
#pragma once

#include "fstool/registry.h"
#include "json_text.h"

namespace fstool {

/// A schema of draft 07, which editors know best. Whatever it refuses, `run` refuses; `run` refuses more. A string with
/// a variable may stand for any value. Of a spec with an `include`, whose tables may lack what the other has, it checks
/// the names of the tables only.
Json spec_schema(const Registry& registry);

}  // namespace fstool
