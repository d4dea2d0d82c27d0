// A plugin from the future: everything behind its first three fields may look different.
#include "fstool/plugin.h"

namespace {

struct FutureDescriptor {
  std::uint64_t magic = fstool::kPluginMagic;
  std::uint32_t abi = fstool::kPluginAbi + 1;
  std::uint32_t descriptor_size = sizeof(FutureDescriptor);
  std::uint64_t unknown[2] = {1, 2};
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const FutureDescriptor fstool_plugin;
const FutureDescriptor fstool_plugin;
