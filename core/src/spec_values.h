/// \file
/// The vocabulary of a spec: choices of formats, sizes and sources, and the reader that takes them out of a table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/options.h"
#include "spec_problems.h"

namespace fstool {

using LocationPtr = std::shared_ptr<const SpecLocation>;

/// Where the relative paths of a spec start: at the file that they are written in, and at `directory` for those of
/// `file` itself, of the command line, and of what has no place.
struct PathBase {
  std::string file;  ///< as SpecLocation names it
  std::filesystem::path directory;
};

/// A format's name and its options, before the plugin gives them a meaning.
struct FormatChoice {
  std::string type;
  LocationPtr location;  ///< of the type; null if it was not written
  OptionTable options;
};

/// A size as a spec has it.
struct SizeChoice {
  enum class Kind { Auto, Fixed, Remaining, Percent };
  Kind kind = Kind::Auto;
  std::uint64_t bytes = 0;    ///< Fixed: at least 1; else 0
  std::uint32_t percent = 0;  ///< Percent: 1 … 100, of the disk; else 0
};

/// Free space that a file system made to measure shall have.
struct Headroom {
  std::uint64_t bytes = 0;
  std::uint32_t percent = 0;  ///< 0 … 95
};

/// "auto" or a size of at least one byte; throws spec_error().
SizeChoice parse_size_choice(const OptionValue& value, std::string_view key);

/// The same, "remaining", or a share of the disk ("25%"); throws spec_error().
SizeChoice parse_partition_size(const OptionValue& value, std::string_view key);

/// A path that `value` has, seen from the current directory. Throws spec_error() for an empty one.
std::filesystem::path parse_path(const OptionValue& value, std::string_view key, const PathBase& base);

/// A size or a percentage ("20%"); throws spec_error().
Headroom parse_headroom(const OptionValue& value, std::string_view key);

/// A string without NUL; throws spec_error().
std::string parse_text(const OptionValue& value, std::string_view key);

/// The twelve bits that an integer such as 0o644 is; nothing if `value` is something else. A decimal number is, if it
/// has more than a digit, for who writes 644 means it as octal: throws a spec_error() that says how.
std::optional<std::uint16_t> parse_mode_integer(const OptionValue& value, std::string_view key);

/// A spec_error() "KEY must be EXPECTED, not a TYPE" at the value.
Error wrong_type(const OptionValue& value, std::string_view key, std::string_view expected);

/// Takes the keys of one table, each once, and knows in the end which ones nobody asked for. What is wrong goes to the
/// problems, and reading goes on as if it weren't there.
class TableReader {
 public:
  /// `table` and `problems` must outlive the reader. `name` is the table's name for messages, "[image]"; `location` its
  /// place.
  TableReader(const OptionTable& table, std::string name, LocationPtr location, SpecProblems& problems);

  /// The value of `key`, or null. Of one that is there twice, the first.
  const OptionValue* take(std::string_view key);
  /// The value of `key`, which must be there; null if it isn't.
  const OptionValue* require(std::string_view key);
  /// Calls `read` with the value of `key`, if it is there. `read` may throw spec_error().
  template <class Read>
  void read(std::string_view key, Read&& read) {
    read_value(take(key), std::forward<Read>(read));
  }
  /// The same for a key that must be there.
  template <class Read>
  void read_required(std::string_view key, Read&& read) {
    read_value(require(key), std::forward<Read>(read));
  }
  /// Text as parse_text(); nullopt if the key is not there.
  std::optional<std::string> take_text(std::string_view key);
  /// A non-negative number of bytes; nullopt if the key is not there.
  std::optional<std::uint64_t> take_bytes(std::string_view key);
  /// An integer of that range; nullopt if the key is not there.
  std::optional<std::int64_t> take_integer(std::string_view key, std::int64_t minimum, std::int64_t maximum);
  std::optional<bool> take_boolean(std::string_view key);
  /// The value of `key`, which has to be a table, and its place; null if the key is not there.
  const OptionTable* take_table(std::string_view key, LocationPtr& location);

  /// What nobody took: the options of a format.
  OptionTable rest() const;
  /// A key that nobody took is a problem.
  void refuse_rest() const;

  const std::string& name() const noexcept { return name_; }
  const LocationPtr& location() const noexcept { return location_; }
  SpecProblems& problems() const noexcept { return problems_; }

 private:
  template <class Read>
  void read_value(const OptionValue* value, Read&& read) {
    if (value == nullptr) return;
    problems_.collect(value->location, [&] { read(*value); });
  }

  const OptionTable& table_;
  std::string name_;
  LocationPtr location_;
  SpecProblems& problems_;
  std::vector<bool> taken_;
  std::vector<std::string> asked_;
};

/// The table that `value` is; throws spec_error() if it is none.
const OptionTable& as_table(const OptionValue& value, std::string_view key);

/// `type`, which is empty if there is a problem with it, and, as options, everything else of a table.
FormatChoice read_format_choice(const OptionTable& table, std::string name, LocationPtr location,
                                SpecProblems& problems);

}  // namespace fstool
