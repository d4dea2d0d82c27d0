/// \file
/// What a swap area begins with (Linux, include/linux/swap.h, union swap_header): one page, whose size is that of the
/// kernel that swaps to it. All else is pages for that kernel to use.
///
///     0                boot bits, for whoever boots from there
///     1024             the header
///     1536             the list of bad pages
///     page size - 10   the signature
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fstool::swap {

/// The header, in the byte order of the machine that swaps.
template <boost::endian::order Order>
struct SwapHeader {
  using Word = boost::endian::endian_arithmetic<Order, std::uint32_t, 32>;

  Word version;                    // 1
  Word last_page;                  // the number of pages, less one
  Word bad_pages;                  // entries of the list that follows
  std::array<std::byte, 16> uuid;  // RFC 4122
  std::array<char, 16> label;      // NUL-padded
  std::array<Word, 117> padding;   // 0
};
static_assert(sizeof(SwapHeader<boost::endian::order::little>) == 512);
static_assert(sizeof(SwapHeader<boost::endian::order::big>) == 512);

/// An entry of the list of bad pages: the number of a page.
template <boost::endian::order Order>
using BadPage = typename SwapHeader<Order>::Word;

inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint64_t kHeaderOffset = 1024;  ///< bytes
inline constexpr std::uint64_t kBadPagesOffset = kHeaderOffset + sizeof(SwapHeader<boost::endian::order::little>);

inline constexpr std::size_t kSignatureBytes = 10;
inline constexpr std::string_view kSignature = "SWAPSPACE2";
static_assert(kSignature.size() == kSignatureBytes);

/// What stands there in place of it as long as the area holds the memory of a machine that sleeps (kernel/power/swap.c,
/// and user space's programs for that). All but the signature is left as it was.
inline constexpr std::array<std::string_view, 4> kHibernationSignatures = {"S1SUSPEND", "S2SUSPEND", "ULSUSPEND",
                                                                           "LINHIB0001"};

inline constexpr std::array<std::uint32_t, 5> kPageSizes = {4096, 8192, 16'384, 32'768, 65'536};  ///< bytes
inline constexpr std::uint64_t kMaxPages = UINT32_MAX;  ///< what mkswap(8) makes at most
inline constexpr std::uint64_t kMinPages = 10;          ///< what mkswap(8) makes at least

/// Bytes into the area.
constexpr std::uint64_t signature_offset(std::uint32_t page_size) { return page_size - kSignatureBytes; }

/// How many bad pages the list has room for.
constexpr std::uint32_t max_bad_pages(std::uint32_t page_size) {
  return static_cast<std::uint32_t>((signature_offset(page_size) - kBadPagesOffset) / 4);
}

}  // namespace fstool::swap
