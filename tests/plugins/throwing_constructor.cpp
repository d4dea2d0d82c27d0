// A plugin that throws while the dynamic linker runs its constructors.
#include <stdexcept>

#include "fstool/plugin.h"

static void register_formats(fstool::Registry& /*registry*/) {}

static const int kNeverMade = [] {
  if (fstool::kPluginAbi != 0) throw std::runtime_error("no device for me");
  return 1;
}();

FSTOOL_PLUGIN("throwing-constructor", "1", "MIT", "Fails while it is loaded.", register_formats)
