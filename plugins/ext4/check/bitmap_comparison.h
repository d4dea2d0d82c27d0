/// \file
/// Compares a bitmap with what is really in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace fstool::ext4 {

/// One sentence that says what differs in the first `count` bits; empty if nothing does. `things` is what a bit stands
/// for ("inodes"), `number_of` the number of the one that a bit is about.
std::string compare_bitmaps(std::span<const std::byte> recorded, std::span<const std::byte> actual, std::uint64_t count,
                            std::string_view things, const std::function<std::uint64_t(std::uint64_t bit)>& number_of);

/// True if all bytes are 0xFF, as those behind a bitmap in its block have to be.
bool is_padding(std::span<const std::byte> bytes);

/// The number of bits that are set.
std::uint64_t count_bits(std::span<const std::byte> bytes);

}  // namespace fstool::ext4
