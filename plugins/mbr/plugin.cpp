#include "fstool/plugin.h"

static void register_formats(fstool::Registry& /*registry*/) {}

FSTOOL_PLUGIN("mbr", FSTOOL_SDK_VERSION, "MIT", "", register_formats)
