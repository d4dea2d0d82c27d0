/// \file
/// Options, declared once. A format binds named, typed, documented and defaulted options to the fields of a plain
/// struct; parsing from TOML and from `-O key=value`, error messages, reference pages and schemas come from that one
/// declaration:
///
///     struct CoolOptions { std::uint32_t block_size = 4096; std::string label; std::optional<Uuid> uuid; };
///
///     const OptionSet<CoolOptions>& cool_options() {
///       static const auto set = OptionSet<CoolOptions>()
///           .add("block_size", &CoolOptions::block_size, "Block size in bytes.", one_of<std::uint32_t>({1024, 4096}))
///           .add("volume_label", &CoolOptions::label, "Label of the volume.", max_bytes(16))
///           .add("uuid", &CoolOptions::uuid, "UUID of the volume; derived from the seed if left out.");
///       return set;
///     }
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "fstool/api.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "fstool/uuid.h"

namespace fstool {

/// Where a value was written. Kept for error messages.
struct SpecLocation {
  std::string file;          ///< as the user named it; "-O" for the command line
  std::uint32_t line = 0;    ///< from 1; 0 if the value has no line (command line)
  std::uint32_t column = 0;  ///< from 1, in bytes
  std::string line_text;
};

struct OptionEntry;

/// A value as it was written, before its option gives it a type.
struct FSTOOL_API OptionValue {
  using Array = std::vector<OptionValue>;
  using Table = std::vector<OptionEntry>;  ///< in the order written, each key once

  /// The alternatives of TOML. A value from `-O key=value` is a string with `from_text` set: its option may read a
  /// number or a boolean out of it.
  std::variant<bool, std::int64_t, double, std::string, Array, Table> data;
  bool from_text = false;
  std::shared_ptr<const SpecLocation> location;  ///< may be null

  /// "a string", "an integer", …
  std::string_view type_name() const;
};

struct OptionEntry {
  std::string key;
  OptionValue value;
  std::shared_ptr<const SpecLocation> location;  ///< of the key; may be null
};

using OptionTable = OptionValue::Table;

/// An InvalidSpec error that points at `location` (file:line:column, the line and a caret) if it is not null.
FSTOOL_API Error spec_error(const std::shared_ptr<const SpecLocation>& location, std::string_view message);

/// Parses "key=value,key=value" as `-O` takes it. A comma or backslash in a value is written `\,` or `\\`.
/// Throws Error(InvalidArgument).
FSTOOL_API OptionTable parse_option_text(std::string_view text);

/// ` (did you mean "block_size"?)` if one of `known` is close to `word`, else empty.
FSTOOL_API std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// What is known about one option without knowing the struct it is bound to: for documentation and schemas.
struct OptionInfo {
  std::string name;
  std::string type;                     ///< "boolean", "integer", "size", "string", "uuid", "choice", "list of strings"
  std::string summary;                  ///< one sentence
  std::string default_text;             ///< as it would be written in a spec; empty if there is no default value
  std::vector<std::string> choices;     ///< every allowed value, as written; empty if not restricted so
  std::optional<std::int64_t> minimum;  ///< integers
  std::optional<std::uint64_t> maximum;  ///< integers: value; strings: bytes
};

namespace detail {

FSTOOL_API bool parse_bool(const OptionValue& value, const OptionInfo& info);
FSTOOL_API std::int64_t parse_integer(const OptionValue& value, const OptionInfo& info);
FSTOOL_API std::uint64_t parse_bytes(const OptionValue& value, const OptionInfo& info);
FSTOOL_API std::string parse_string(const OptionValue& value, const OptionInfo& info);
FSTOOL_API Uuid parse_uuid(const OptionValue& value, const OptionInfo& info);
FSTOOL_API std::vector<std::string> parse_strings(const OptionValue& value, const OptionInfo& info);

/// Throws spec_error() about an unknown or repeated key.
[[noreturn]] FSTOOL_API void throw_unknown_option(const OptionEntry& entry, const std::vector<OptionInfo>& known);
[[noreturn]] FSTOOL_API void throw_repeated_option(const OptionEntry& entry);
/// Throws spec_error() "unsupported block_size 3000: must be one of 1024, 2048, 4096".
[[noreturn]] FSTOOL_API void throw_bad_choice(const OptionValue& value, const OptionInfo& info);

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

}  // namespace detail

/// Restrictions for OptionSet::add().
struct IntegerRange {
  std::int64_t minimum;
  std::uint64_t maximum;
};
struct MaxBytes {
  std::uint64_t bytes;
};
template <class T>
struct OneOf {
  std::vector<T> values;
};
/// Names for the values of an enumeration (or any other type), in the order of the documentation.
template <class T>
struct Choices {
  std::vector<std::pair<std::string, T>> values;
};

inline IntegerRange in_range(std::int64_t minimum, std::uint64_t maximum) { return {minimum, maximum}; }
inline MaxBytes max_bytes(std::uint64_t bytes) { return {bytes}; }
template <class T>
OneOf<T> one_of(std::initializer_list<T> values) {
  return {std::vector<T>(values)};
}
template <class T>
Choices<T> choices(std::initializer_list<std::pair<std::string, T>> values) {
  return {std::vector<std::pair<std::string, T>>(values)};
}

/// The options of a format, bound to the fields of `Struct`. Field types: bool, integers, Bytes (sizes), std::string,
/// Uuid, std::vector<std::string> (whose elements may be written as integers), enumerations (with choices()), and
/// std::optional of these. Immutable once built; parse() is thread-safe.
template <class Struct>
class OptionSet {
 public:
  template <class T>
  OptionSet& add(std::string name, T Struct::*field, std::string summary) {
    static_assert(!std::is_enum_v<Value<T>>, "an enumeration needs choices()");
    return add_impl(std::move(name), field, std::move(summary), [](OptionInfo&) {}, {});
  }
  template <class T>
  OptionSet& add(std::string name, T Struct::*field, std::string summary, IntegerRange range) {
    return add_impl(std::move(name), field, std::move(summary),
                    [&](OptionInfo& info) {
                      info.minimum = range.minimum;
                      info.maximum = range.maximum;
                    },
                    {});
  }
  template <class T>
  OptionSet& add(std::string name, T Struct::*field, std::string summary, MaxBytes maximum) {
    return add_impl(std::move(name), field, std::move(summary), [&](OptionInfo& info) { info.maximum = maximum.bytes; },
                    {});
  }
  /// `allowed` may name the type that the text stands for (a Bytes field takes OneOf<std::uint64_t>).
  template <class T, class V>
  OptionSet& add(std::string name, T Struct::*field, std::string summary, OneOf<V> allowed) {
    return add_impl(std::move(name), field, std::move(summary),
                    [&](OptionInfo& info) {
                      for (const V& value : allowed.values) info.choices.push_back(text_of(Value<T>(value), {}));
                    },
                    {});
  }
  template <class T, class V>
  OptionSet& add(std::string name, T Struct::*field, std::string summary, Choices<V> named) {
    std::vector<std::pair<std::string, Value<T>>> values(named.values.begin(), named.values.end());
    return add_impl(
        std::move(name), field, std::move(summary),
        [&](OptionInfo& info) {
          info.type = "choice";
          for (const auto& [text, value] : named.values) info.choices.push_back(text);
        },
        std::move(values));
  }

  const std::vector<OptionInfo>& infos() const noexcept { return infos_; }

  /// The struct with its defaults, changed by `table`. Throws spec_error() for an unknown or repeated key, a wrong
  /// type, or a value out of bounds.
  Struct parse(const OptionTable& table) const {
    Struct result;
    std::vector<bool> seen(infos_.size());
    for (const OptionEntry& entry : table) {
      std::size_t index = 0;
      while (index < infos_.size() && infos_[index].name != entry.key) ++index;
      if (index == infos_.size()) detail::throw_unknown_option(entry, infos_);
      if (seen[index]) detail::throw_repeated_option(entry);
      seen[index] = true;
      setters_[index](result, entry.value, infos_[index]);
    }
    return result;
  }

 private:
  template <class T>
  struct Unwrap {
    using type = T;
  };
  template <class T>
  struct Unwrap<std::optional<T>> {
    using type = T;
  };
  template <class T>
  using Value = typename Unwrap<T>::type;
  template <class V>
  using Names = std::vector<std::pair<std::string, V>>;

  template <class V>
  static std::string type_of() {
    if constexpr (std::same_as<V, bool>)
      return "boolean";
    else if constexpr (std::integral<V>)
      return "integer";
    else if constexpr (std::same_as<V, Bytes>)
      return "size";
    else if constexpr (std::same_as<V, std::string>)
      return "string";
    else if constexpr (std::same_as<V, Uuid>)
      return "uuid";
    else if constexpr (std::same_as<V, std::vector<std::string>>)
      return "list of strings";
    else
      return "choice";
  }

  template <class V>
  static std::string text_of(const V& value, const Names<V>& names) {
    for (const auto& [text, named] : names) {
      if (named == value) return text;
    }
    if constexpr (std::same_as<V, bool>)
      return value ? "true" : "false";
    else if constexpr (std::integral<V>)
      return std::to_string(value);
    else if constexpr (std::same_as<V, Bytes>)
      return size_text(value.value);
    else if constexpr (std::same_as<V, std::string>)
      return value;
    else if constexpr (std::same_as<V, Uuid>)
      return value.to_string();
    else
      return {};
  }

  template <class V>
  static V value_of(const OptionValue& value, const OptionInfo& info, const Names<V>& names) {
    if (!names.empty()) {
      const std::string text = detail::parse_string(value, info);
      for (const auto& [name, named] : names) {
        if (name == text) return named;
      }
      detail::throw_bad_choice(value, info);
    }
    V result{};
    if constexpr (std::same_as<V, bool>)
      result = detail::parse_bool(value, info);
    else if constexpr (std::integral<V>) {
      static_assert(sizeof(V) < sizeof(std::uint64_t) || std::signed_integral<V>,
                    "TOML integers are signed 64-bit; use std::int64_t with a range");
      result = static_cast<V>(detail::parse_integer(value, info));
    } else if constexpr (std::same_as<V, Bytes>)
      result = Bytes{detail::parse_bytes(value, info)};
    else if constexpr (std::same_as<V, std::string>)
      result = detail::parse_string(value, info);
    else if constexpr (std::same_as<V, Uuid>)
      result = detail::parse_uuid(value, info);
    else if constexpr (std::same_as<V, std::vector<std::string>>)
      result = detail::parse_strings(value, info);
    else
      static_assert(std::is_enum_v<V>, "options of this type are not supported");
    if (!info.choices.empty()) {
      const std::string text = text_of(result, names);
      bool allowed = false;
      for (const std::string& choice : info.choices) allowed = allowed || choice == text;
      if (!allowed) detail::throw_bad_choice(value, info);
    }
    return result;
  }

  template <class T, class Restrict>
  OptionSet& add_impl(std::string name, T Struct::*field, std::string summary, Restrict&& restrict,
                      Names<Value<T>> names) {
    using V = Value<T>;
    OptionInfo info;
    info.name = std::move(name);
    info.type = type_of<V>();
    info.summary = std::move(summary);
    if constexpr (std::integral<V> && !std::same_as<V, bool>) {
      info.minimum = static_cast<std::int64_t>(std::numeric_limits<V>::min());
      info.maximum = static_cast<std::uint64_t>(std::numeric_limits<V>::max());
    }
    restrict(info);
    const Struct defaults{};
    if constexpr (detail::IsOptional<T>::value) {
      if (defaults.*field) info.default_text = text_of<V>(*(defaults.*field), names);
    } else {
      info.default_text = text_of<V>(defaults.*field, names);
    }
    infos_.push_back(std::move(info));
    setters_.push_back(
        [field, names = std::move(names)](Struct& object, const OptionValue& value, const OptionInfo& described) {
          object.*field = value_of<V>(value, described, names);
        });
    return *this;
  }

  std::vector<OptionInfo> infos_;
  std::vector<std::function<void(Struct&, const OptionValue&, const OptionInfo&)>> setters_;
};

/// For formats without options.
struct NoOptions {};

}  // namespace fstool
