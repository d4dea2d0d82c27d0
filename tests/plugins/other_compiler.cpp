// A plugin whose C++ types look different.
#include "fstool/plugin.h"

extern "C" __attribute__((visibility("default"))) const fstool::PluginDescriptor fstool_plugin;
const fstool::PluginDescriptor fstool_plugin = {fstool::kPluginMagic,
                                                fstool::kPluginAbi,
                                                sizeof(fstool::PluginDescriptor),
                                                "9.9.9",
                                                "itanium-other",
                                                "other-compiler",
                                                "1",
                                                "MIT",
                                                "never used",
                                                [](fstool::Registry&) {}};
