/// \file
/// What a plugin exports.
///
/// A plugin is a shared library with one symbol of C linkage, `fstool_plugin`, of the type below. The host reads the
/// descriptor before it calls anything in it, and refuses a plugin that was built for another SDK.
#pragma once

#include <cstdint>

#include "fstool/api.h"
#include "fstool/registry.h"

namespace fstool {

/// "fstoolPL", little-endian.
inline constexpr std::uint64_t kPluginMagic = 0x4c506c6f6f747366ULL;

/// Rises whenever a plugin that was built before would no longer work.
inline constexpr std::uint32_t kPluginAbi = 4;

/// Names the C++ ABI that the descriptor's compiler uses: host and plugin exchange C++ types.
#if defined(__GLIBCXX__) && defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
#define FSTOOL_COMPILER_ABI "itanium-libstdc++-cxx11"
#elif defined(__GLIBCXX__)
#define FSTOOL_COMPILER_ABI "itanium-libstdc++-cxx98"
#elif defined(_LIBCPP_VERSION)
#define FSTOOL_COMPILER_ABI "itanium-libc++"
#else
#define FSTOOL_COMPILER_ABI "unknown"
#endif

#ifndef FSTOOL_SDK_VERSION
#include "fstool/version.h"  // which only an installed SDK has
#endif

extern "C" {
/// The descriptor. The first three fields never change their place.
struct PluginDescriptor {
  std::uint64_t magic;            ///< kPluginMagic
  std::uint32_t abi;              ///< kPluginAbi
  std::uint32_t descriptor_size;  ///< sizeof(PluginDescriptor), in bytes
  const char* sdk_version;        ///< FSTOOL_SDK_VERSION
  const char* compiler_abi;       ///< FSTOOL_COMPILER_ABI
  const char* name;               ///< as `fstool plugins list` shows it
  const char* version;
  const char* license;                           ///< SPDX identifier
  const char* summary;                           ///< one sentence
  void (*register_formats)(Registry& registry);  ///< adds the plugin's formats; may throw Error
};
}

}  // namespace fstool

/// Defines the descriptor of a plugin; use it once, at namespace scope of one source file.
/// `register_formats` is a function `void(fstool::Registry&)`.
#define FSTOOL_PLUGIN(name, version, license, summary, register_formats)                          \
  extern "C" __attribute__((visibility("default"))) const fstool::PluginDescriptor fstool_plugin; \
  const fstool::PluginDescriptor fstool_plugin = {fstool::kPluginMagic,                           \
                                                  fstool::kPluginAbi,                             \
                                                  sizeof(fstool::PluginDescriptor),               \
                                                  FSTOOL_SDK_VERSION,                             \
                                                  FSTOOL_COMPILER_ABI,                            \
                                                  name,                                           \
                                                  version,                                        \
                                                  license,                                        \
                                                  summary,                                        \
                                                  register_formats};
