/// \file
/// GUIDs as GPT stores them.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "fstool/uuid.h"

namespace fstool::gpt {

/// A GUID on disk (UEFI 2.10, appendix A): the first three fields of the UUID little-endian, the rest in its order.
struct Guid {
  std::array<std::byte, 16> bytes{};
};
static_assert(sizeof(Guid) == 16);

namespace detail {
/// Reverses the fields of 4, 2 and 2 bytes; its own inverse.
constexpr std::array<std::byte, 16> swap_fields(std::array<std::byte, 16> bytes) {
  std::swap(bytes[0], bytes[3]);
  std::swap(bytes[1], bytes[2]);
  std::swap(bytes[4], bytes[5]);
  std::swap(bytes[6], bytes[7]);
  return bytes;
}
}  // namespace detail

constexpr Guid to_guid(const Uuid& uuid) { return {detail::swap_fields(uuid.bytes)}; }
constexpr Uuid to_uuid(const Guid& guid) { return {detail::swap_fields(guid.bytes)}; }

}  // namespace fstool::gpt
