#include "read/directory_parser.h"

#include <algorithm>
#include <cstring>

#include "ondisk/codepage.h"
#include "ondisk/unicode.h"

namespace fstool::fat {

namespace {

/// One of the two parts of a short name, without the blanks behind it.
std::u16string part_text(std::span<const std::uint8_t> part, bool is_lower) {
  std::u16string text;
  for (const std::uint8_t character : part) {
    if (character == 0) break;
    text += from_code_page(is_lower ? lower_in_code_page(character) : character);
  }
  text.erase(text.find_last_not_of(u' ') + 1);
  return text;
}

}  // namespace

void DirectoryParser::drop_long_name() {
  if (pieces_ > 0) orphan_();
  pieces_ = 0;
  missing_ = 0;
}

void DirectoryParser::feed(const DirectoryEntry& slot) {
  if (slot.is_long_name() && slot.name[0] != kDeletedMark) {
    LongNameEntry piece;
    std::memcpy(&piece, &slot, sizeof(piece));
    return feed_piece(piece);
  }
  if (slot.is_free() || slot.is_long_name()) return drop_long_name();
  const bool has_long_name =
      pieces_ > 0 && missing_ == 0 && !slot.is_volume_label() && short_name_checksum(slot.name) == checksum_;
  if (!has_long_name) {
    drop_long_name();
    return emit_({slot, {}});
  }
  const std::u16string_view units(units_.data(), pieces_ * kUnitsPerSlot);
  emit_({slot, units.substr(0, units.find(u'\0'))});
  pieces_ = 0;
}

void DirectoryParser::feed_piece(const LongNameEntry& piece) {
  if ((piece.order & LongNameEntry::kLastPiece) != 0) {
    drop_long_name();
    const std::size_t pieces = piece.order & ~LongNameEntry::kLastPiece;
    if (pieces == 0 || pieces > kMaxNameSlots) return orphan_();
    pieces_ = missing_ = pieces;
    checksum_ = piece.checksum;
  } else if (missing_ == 0 || piece.order != missing_ || piece.checksum != checksum_) {
    drop_long_name();
    return orphan_();
  }
  --missing_;
  std::ranges::copy(piece.units(), units_.begin() + static_cast<std::ptrdiff_t>(missing_ * kUnitsPerSlot));
}

std::string short_name_text(const DirectoryEntry& entry) {
  ShortName name = entry.name;
  if (name[0] == kEscapedE5) name[0] = kDeletedMark;
  const auto bytes = std::span(name);
  std::u16string text = part_text(bytes.first(kShortBase), (entry.name_case & kLowerCaseBase) != 0);
  const std::u16string extension = part_text(bytes.subspan(kShortBase), (entry.name_case & kLowerCaseExtension) != 0);
  if (!extension.empty()) text += u'.' + extension;
  bool is_valid = true;
  return to_utf8(text, is_valid);
}

}  // namespace fstool::fat
