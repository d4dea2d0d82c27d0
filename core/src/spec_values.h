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

namespace fstool {

using LocationPtr = std::shared_ptr<const SpecLocation>;

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

/// Where a Tree comes from.
struct SourceChoice {
  std::string written;         ///< as the user wrote it; for messages
  std::filesystem::path path;  ///< the same, seen from the current directory
  std::string type;            ///< empty: the source that accepts the path
  LocationPtr type_location;
  OptionTable options;
  LocationPtr location;
};

/// "auto" or a size of at least one byte; throws spec_error().
SizeChoice parse_size_choice(const OptionValue& value, std::string_view key);

/// The same, "remaining", or a share of the disk ("25%"); throws spec_error().
SizeChoice parse_partition_size(const OptionValue& value, std::string_view key);

/// A path that `value` has, seen from the current directory; relative ones start at `directory`. Throws spec_error()
/// for an empty one.
std::filesystem::path parse_path(const OptionValue& value, std::string_view key,
                                 const std::filesystem::path& directory);

/// A size or a percentage ("20%"); throws spec_error().
Headroom parse_headroom(const OptionValue& value, std::string_view key);

/// A string without NUL; throws spec_error().
std::string parse_text(const OptionValue& value, std::string_view key);

/// A path, or a table { path, type, options of the source … }. Relative paths start at `directory`.
SourceChoice parse_source_choice(const OptionValue& value, const std::filesystem::path& directory);

/// A spec_error() "KEY must be EXPECTED, not a TYPE" at the value.
Error wrong_type(const OptionValue& value, std::string_view key, std::string_view expected);

/// Takes the keys of one table, each once, and knows in the end which ones nobody asked for.
class TableReader {
 public:
  /// `table` must outlive the reader. `name` is the table's name for messages, "[image]"; `location` its place.
  TableReader(const OptionTable& table, std::string name, LocationPtr location);

  /// The value of `key`, or null. Throws spec_error() if the key is there twice.
  const OptionValue* take(std::string_view key);
  /// The value of `key`, which must be there.
  const OptionValue& require(std::string_view key);
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
  /// Throws spec_error() for a key that nobody took.
  void refuse_rest() const;

  const std::string& name() const noexcept { return name_; }
  const LocationPtr& location() const noexcept { return location_; }

 private:
  const OptionTable& table_;
  std::string name_;
  LocationPtr location_;
  std::vector<bool> taken_;
  std::vector<std::string> asked_;
};

/// The table that `value` is; throws spec_error() if it is none.
const OptionTable& as_table(const OptionValue& value, std::string_view key);

/// `type` and, as options, everything else of a table.
FormatChoice read_format_choice(const OptionTable& table, std::string name, LocationPtr location);

}  // namespace fstool
