/// \file
/// ModeChange: a mode as chmod(1) takes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fstool {

/// Twelve bits in octal digits: "644", "0644", "07777". Nothing if it is something else.
std::optional<std::uint16_t> parse_octal_mode(std::string_view text);

/// "0644", or "u+s,go-w" and "a=rX": clauses [ugoa…][+-=][rwxXst…|u|g|o], of which several may follow one "who".
/// Without a "who", all are meant: there is no umask. As with chmod, symbolic ones leave a directory's set-ID bits as
/// they are unless they name them; an octal one sets all twelve bits. Immutable.
class ModeChange {
 public:
  /// All twelve bits.
  explicit ModeChange(std::uint16_t permissions);
  /// Nothing if it is no mode.
  static std::optional<ModeChange> parse(std::string_view text);

  std::uint16_t apply(std::uint16_t permissions, bool is_directory) const;

 private:
  struct Clause {
    char action = '=';          // + - =
    std::uint16_t who = 07777;  // the bits that those who are meant have
    std::uint16_t bits = 0;     // of all
    bool copies = false;        // bits is whose permissions are taken: 0700, 0070 or 0007
    bool adds_search = false;   // X
    bool is_exact = false;      // of directories, too
  };

  ModeChange() = default;
  static bool parse_clauses(std::string_view text, std::vector<Clause>& clauses);
  static std::uint16_t apply(const Clause& clause, std::uint16_t permissions, bool is_directory);

  std::vector<Clause> clauses_;
};

}  // namespace fstool
