/// \file
/// Text of a spec with values that come out while the disk is planned: `${verity.root.hash}`.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/blob.h"
#include "fstool/options.h"

namespace fstool {

/// What stands around the name of a value in the strings of a spec whose variables were replaced. A spec has no NUL.
inline constexpr char kDeferredMark = '\0';

/// True for FORMAT.PARTITION.VALUE, three words of which none is empty.
bool is_deferred_name(std::string_view name);

/// The values that derivations give: declared with their lengths before places are found, and set when they are known.
/// Setting is not thread-safe; reading what nobody sets any more is.
class DeferredValues {
 public:
  /// Throws spec_error() at `location` if the name is declared already.
  void declare(const std::string& name, std::size_t length, const std::shared_ptr<const SpecLocation>& location);
  /// `text` has the length that was declared.
  void set(const std::string& name, std::string text);

  /// Throws spec_error() at `location` if there is no such value.
  std::size_t length_of(const std::string& name, const std::shared_ptr<const SpecLocation>& location) const;
  /// Throws spec_error() at `location` if the value is not known yet.
  const std::string& get(const std::string& name, const std::shared_ptr<const SpecLocation>& location) const;

 private:
  struct Value {
    std::size_t length = 0;
    std::optional<std::string> text;
  };
  std::map<std::string, Value> values_;
};

/// Immutable.
class DeferredText {
 public:
  DeferredText() = default;
  /// A string of a spec. Throws spec_error() if it is none, or has a NUL of its own.
  DeferredText(const OptionValue& value, std::string_view key);

  bool empty() const noexcept { return pieces_.empty(); }
  /// True if there is a value in it that comes out later.
  bool is_deferred() const noexcept;
  /// With names in place of values: "root ${verity.root.hash}". For digests and messages.
  std::string written() const;

  /// Throws spec_error() for a value that there is not, or not yet.
  std::string resolve(const DeferredValues& values) const;
  /// The text as a file's content, whose size is known and whose bytes are when somebody reads them; `values` must
  /// outlive the Blob. Throws spec_error() for a value that there is not.
  BlobPtr to_blob(const DeferredValues& values) const;

 private:
  struct Piece {
    std::string text;  ///< or the name of a value
    bool is_value = false;
  };

  std::vector<Piece> pieces_;
  std::shared_ptr<const SpecLocation> location_;
};

}  // namespace fstool
