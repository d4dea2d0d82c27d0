/// \file
/// ClusterKey: what clusters of equal content have in common.
#pragma once

#include <array>
#include <cstddef>

namespace fstool::qcow2 {

/// The first 192 bits of the SHA-256 of a cluster: no two different clusters that have the same are known, nor is a way
/// to make them.
using ClusterKey = std::array<std::byte, 24>;

}  // namespace fstool::qcow2
