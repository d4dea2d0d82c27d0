// A plugin that ends the process while it is loaded.
#include <cstdlib>

#include "fstool/plugin.h"

static void register_formats(fstool::Registry& /*registry*/) {}

static const int kNeverMade = [] {
  if (fstool::kPluginAbi != 0) std::abort();
  return 1;
}();

FSTOOL_PLUGIN("ending-constructor", "1", "MIT", "Aborts while it is loaded.", register_formats)
