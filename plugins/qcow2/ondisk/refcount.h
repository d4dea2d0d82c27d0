/// \file
/// The entries of the refcount table and of refcount blocks (section "Host cluster management").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fstool::qcow2 {

/// The offset of a refcount block in bytes, or 0: all of its refcounts are 0.
using RefcountTableEntry = boost::endian::big_uint64_t;
static_assert(sizeof(RefcountTableEntry) == 8);

inline constexpr std::uint64_t kReservedRefcountTableBits = 0x1ff;

/// The refcount number `index` in (a part of) a refcount block whose refcounts have 1 << `order` bits. Those of less
/// than a byte begin with the least significant bits of a byte.
inline std::uint64_t load_refcount(std::span<const std::byte> block, std::size_t index, unsigned order) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(block.data());
  const auto load_bits = [&](std::size_t bits) {
    const std::size_t per_byte = 8 / bits;
    return std::uint64_t{bytes[index / per_byte]} >> index % per_byte * bits & ((1U << bits) - 1);
  };
  switch (order) {
    case 0:
      return load_bits(1);
    case 1:
      return load_bits(2);
    case 2:
      return load_bits(4);
    case 3:
      return bytes[index];
    case 4:
      return boost::endian::load_big_u16(bytes + index * 2);
    case 5:
      return boost::endian::load_big_u32(bytes + index * 4);
    default:
      return boost::endian::load_big_u64(bytes + index * 8);
  }
}

/// Sets the refcount number `index`, as load_refcount() finds it; `value` fits it. One of less than a byte must have
/// been 0.
inline void store_refcount(std::span<std::byte> block, std::size_t index, unsigned order, std::uint64_t value) {
  auto* const bytes = reinterpret_cast<unsigned char*>(block.data());
  const auto store_bits = [&](std::size_t bits) {
    const std::size_t per_byte = 8 / bits;
    bytes[index / per_byte] |= static_cast<unsigned char>(value << index % per_byte * bits);
  };
  switch (order) {
    case 0:
      return store_bits(1);
    case 1:
      return store_bits(2);
    case 2:
      return store_bits(4);
    case 3:
      bytes[index] = static_cast<unsigned char>(value);
      return;
    case 4:
      return boost::endian::store_big_u16(bytes + index * 2, static_cast<std::uint16_t>(value));
    case 5:
      return boost::endian::store_big_u32(bytes + index * 4, static_cast<std::uint32_t>(value));
    default:
      return boost::endian::store_big_u64(bytes + index * 8, value);
  }
}

}  // namespace fstool::qcow2
