/// \file
/// Platforms: the machines that an image may be made for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json_document.h"

namespace fstool::oci {

/// An operating system and a processor, in the words of Go (OCI image specification, "Image Index", `platform`).
/// Variants that say nothing beside the architecture, arm64/v8 and amd64/v1, are left out; arm has one always.
struct Platform {
  std::string os;            ///< "linux"
  std::string architecture;  ///< "amd64", "arm64", "arm", "riscv64", …
  std::string variant;       ///< "v7"; empty: none

  /// "linux/arm/v7".
  std::string text() const;
  friend bool operator==(const Platform&, const Platform&) = default;
};

/// Reads "OS/ARCHITECTURE" or "OS/ARCHITECTURE/VARIANT". Throws Error(InvalidArgument).
Platform parse_platform(std::string_view text);

/// Reads the members "os", "architecture" and "variant"; nothing if the first two are missing. Throws Error(Corrupt).
std::optional<Platform> platform_of(const Json& object);

/// Linux on a machine as uname(2) calls it; "x86_64" is amd64. One that isn't known keeps its name.
Platform linux_on(std::string_view machine);
/// Linux on this machine.
Platform host_platform();

/// How well an image for `offered` suits `wanted`: 0 means not at all, more is better. Older variants of arm suit, too.
unsigned suitability(const Platform& wanted, const Platform& offered);

}  // namespace fstool::oci
