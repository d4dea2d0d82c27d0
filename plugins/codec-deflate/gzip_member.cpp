#include "gzip_member.h"

#include "fstool/error.h"

namespace fstool::deflate {

std::size_t HeaderReader::take(std::span<const std::byte> in) {
  std::size_t taken = 0;
  while (!done() && taken < in.size()) take_byte(in[taken++]);
  return taken;
}

void HeaderReader::take_byte(std::byte byte) {
  ++taken_;
  switch (part_) {
    case Part::Fixed:
      std::as_writable_bytes(std::span(&fixed_, 1))[taken_ - 1] = byte;
      if (taken_ < sizeof(fixed_)) return;
      check_fixed();
      return begin(Part::ExtraLength);
    case Part::ExtraLength:
      extra_bytes_ |= std::to_integer<std::size_t>(byte) << (8 * (taken_ - 1));
      if (taken_ == sizeof(MemberSizeField::extra_bytes)) begin(Part::Extra);
      return;
    case Part::Extra:
      if (taken_ == extra_bytes_) begin(Part::Name);
      return;
    case Part::Name:
      if (byte == std::byte{0}) begin(Part::Comment);
      return;
    case Part::Comment:
      if (byte == std::byte{0}) begin(Part::Crc);
      return;
    case Part::Crc:
      if (taken_ == sizeof(std::uint16_t)) begin(Part::Done);
      return;
    case Part::Done:
      return;
  }
}

/// Goes on with `part`, or the first one behind it that the header has.
void HeaderReader::begin(Part part) {
  taken_ = 0;
  part_ = part;
  if (part_ == Part::ExtraLength && (fixed_.flags & kHasExtra) == 0) part_ = Part::Name;
  if (part_ == Part::Extra && extra_bytes_ == 0) part_ = Part::Name;
  if (part_ == Part::Name && (fixed_.flags & kHasName) == 0) part_ = Part::Comment;
  if (part_ == Part::Comment && (fixed_.flags & kHasComment) == 0) part_ = Part::Crc;
  if (part_ == Part::Crc && (fixed_.flags & kHasHeaderCrc) == 0) part_ = Part::Done;
}

void HeaderReader::check_fixed() const {
  if (fixed_.is_valid()) return;
  throw Error(ErrorCode::Corrupt, "no gzip member begins here");
}

}  // namespace fstool::deflate
