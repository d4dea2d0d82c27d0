/// \file
/// What a gzip file has around its deflate streams (RFC 1952, section 2.3).
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fstool::deflate {

inline constexpr std::uint8_t kId1 = 0x1f;
inline constexpr std::uint8_t kId2 = 0x8b;
inline constexpr std::uint8_t kDeflate = 8;
inline constexpr std::uint8_t kHasHeaderCrc = 0x02;
inline constexpr std::uint8_t kHasExtra = 0x04;
inline constexpr std::uint8_t kHasName = 0x08;
inline constexpr std::uint8_t kHasComment = 0x10;
inline constexpr std::uint8_t kReservedFlags = 0xe0;

/// What a member begins with.
struct MemberHeader {
  std::uint8_t id1 = kId1;
  std::uint8_t id2 = kId2;
  std::uint8_t method = kDeflate;
  std::uint8_t flags = kHasExtra;
  boost::endian::little_uint32_t mtime = 0;  // not known
  std::uint8_t extra_flags = 0;
  std::uint8_t system = 255;  // unknown: the bytes don't depend on it

  bool is_valid() const { return id1 == kId1 && id2 == kId2 && method == kDeflate && (flags & kReservedFlags) == 0; }
};
static_assert(sizeof(MemberHeader) == 10);

/// One piece of the extra field, of which its length in 16 bits comes first.
struct Subfield {
  std::uint8_t id1;
  std::uint8_t id2;
  boost::endian::little_uint16_t bytes;  ///< of what follows
};
static_assert(sizeof(Subfield) == 4);

/// The extra field of our members: how long the member is, so that it can be jumped over.
struct MemberSizeField {
  static constexpr std::uint8_t kFieldId1 = 'F';
  static constexpr std::uint8_t kFieldId2 = 'S';

  boost::endian::little_uint16_t extra_bytes = sizeof(Subfield) + sizeof(boost::endian::little_uint32_t);
  Subfield subfield = {kFieldId1, kFieldId2, sizeof(boost::endian::little_uint32_t)};
  boost::endian::little_uint32_t member_bytes;  ///< from the first byte of its header to the last of its trailer
};
static_assert(sizeof(MemberSizeField) == 10);

/// What a member ends with.
struct MemberTrailer {
  boost::endian::little_uint32_t crc32;  ///< of the content
  boost::endian::little_uint32_t size;   ///< of the content, modulo 2^32
};
static_assert(sizeof(MemberTrailer) == 8);

/// Finds the end of a member's header, which may come in pieces.
class HeaderReader {
 public:
  /// Returns how many bytes of `in` belong to the header. Throws Error(Corrupt) if no member begins here.
  std::size_t take(std::span<const std::byte> in);
  /// True if the header is complete.
  bool done() const noexcept { return part_ == Part::Done; }
  /// True if nothing of it was taken.
  bool at_start() const noexcept { return part_ == Part::Fixed && taken_ == 0; }

 private:
  enum class Part { Fixed, ExtraLength, Extra, Name, Comment, Crc, Done };

  void take_byte(std::byte byte);
  void begin(Part part);
  void check_fixed() const;

  Part part_ = Part::Fixed;
  std::size_t taken_ = 0;  // of the current part, in bytes
  MemberHeader fixed_{};
  std::size_t extra_bytes_ = 0;
};

}  // namespace fstool::deflate
