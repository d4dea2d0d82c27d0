/// \file
/// Files that a source's table names beside the source: manifests, device tables, contexts of SELinux.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "fstool/context.h"
#include "fstool/error.h"
#include "spec_values.h"

namespace fstool {

struct RuleFile {
  std::filesystem::path path;
  LocationPtr location;  ///< of the key's value
};

/// All of the file. The context hears of it. Throws spec_error() at the key if it can't be read or has more than
/// `max_bytes`.
std::string read_rule_file(const RuleFile& file, std::uint64_t max_bytes, const Context& context);

/// Where something is written in such a file.
struct TextPlace {
  std::string file;  ///< for messages
  std::uint32_t line = 0;
};

/// Gives out the lines of a text.
class TextLines {
 public:
  TextLines(std::string_view text, std::string file) : rest_(text) { place_.file = std::move(file); }

  /// The next line, without its end. False behind the last.
  bool next(std::string_view& line);
  /// The line that next() would give; empty at the end.
  std::string_view peek() const;
  /// The number of the last line, from 1.
  const TextPlace& place() const noexcept { return place_; }
  /// A spec_error() that points at the last line.
  Error error(std::string_view message) const;

 private:
  std::string_view rest_;
  std::string_view line_;
  TextPlace place_;
};

/// Takes a word off the front of `line`, and the blanks around it; empty at the end.
std::string_view take_word(std::string_view& line);

}  // namespace fstool
