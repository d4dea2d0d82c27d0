// A plugin that throws what is no exception of the standard library.
#include "fstool/plugin.h"

static void register_formats(fstool::Registry& /*registry*/) { throw 7; }

FSTOOL_PLUGIN("throwing-anything", "1", "MIT", "Throws a number.", register_formats)
