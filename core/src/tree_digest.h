/// \file
/// Digest: names a build by what goes into it, so that identifiers can be derived from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fstool/options.h"
#include "fstool/tree.h"
#include "fstool/uuid.h"
#include "message_digest.h"

namespace fstool {

/// A streaming digest in constant memory. Each value is delimited, so ("ab", "c") and ("a", "bc") differ.
class Digest {
 public:
  void add(std::string_view text);
  void add(std::uint64_t number);

  /// The metadata of everything that has a name in `tree`: names, kinds, modes, owners, sizes, mtimes, targets, xattrs,
  /// device numbers, and which names are hard links of each other. Contents are not read. Independent of the order in
  /// which nodes were added.
  void add(const Tree& tree);

  /// Options, independent of their order and of whether numbers and lists of words were written as such or as text: a
  /// format takes both, so that it makes the same of them.
  void add(const OptionTable& options) { add(options, Types::Ignored); }
  /// The same for tables in which it makes a difference, as in ["a", "b"] and "a,b" of rules.
  void add_with_types(const OptionTable& options) { add(options, Types::Counted); }

  /// The seed that stands for everything added.
  Seed finish();

 private:
  enum class Types : std::uint8_t { Ignored, Counted };

  void add(const Node& node);
  void add(const OptionTable& options, Types types);
  void add(const OptionValue& value, Types types);
  void flush();

  MessageDigest hash_{"sha256"};
  std::string buffer_;  ///< not hashed yet: most values are small
};

}  // namespace fstool
