/// \file
/// The numbers that devices may have.
#pragma once

#include <cstdint>

namespace fstool {

// Of Linux, whose dev_t has 32 bits: MINORBITS of linux/kdev_t.h is 20.
constexpr std::uint32_t kMaxMajor = 0xFFF;
constexpr std::uint32_t kMaxMinor = 0xFFFFF;

}  // namespace fstool
