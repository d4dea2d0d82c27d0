/// \file
/// Puts the slots of a directory together to entries with names.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "ondisk/directory_entry.h"

namespace fstool::fat {

/// An entry of a directory that is in use.
struct NamedEntry {
  const DirectoryEntry& fields;
  /// Empty if it has none, or one whose checksum belongs to another short name.
  std::u16string_view long_name;
};

/// Takes the slots one after the other. A slot that was never used doesn't end a directory, for the kernel neither.
class DirectoryParser {
 public:
  using Emit = std::function<void(const NamedEntry&)>;
  /// Hears of each long name, or pieces of one, that belongs to nothing.
  using Orphan = std::function<void()>;

  explicit DirectoryParser(
      Emit emit, Orphan orphan = [] {})
      : emit_(std::move(emit)), orphan_(std::move(orphan)) {}

  void feed(const DirectoryEntry& slot);
  /// After the last slot.
  void finish() { drop_long_name(); }

 private:
  void feed_piece(const LongNameEntry& piece);
  void drop_long_name();

  Emit emit_;
  Orphan orphan_;
  std::array<char16_t, kMaxNameSlots * kUnitsPerSlot> units_{};
  std::size_t pieces_ = 0;   // of the long name; 0: there is none
  std::size_t missing_ = 0;  // pieces
  std::uint8_t checksum_ = 0;
};

/// The short name as the kernel shows it, in UTF-8: lower case where name_case says so. Empty if it is all blanks.
std::string short_name_text(const DirectoryEntry& entry);

}  // namespace fstool::fat
