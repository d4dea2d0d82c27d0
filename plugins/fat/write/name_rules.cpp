#include "write/name_rules.h"

#include <fmt/format.h>

#include "ondisk/directory_entry.h"
#include "ondisk/unicode.h"

namespace fstool::fat {

std::string name_problem(std::string_view name) {
  constexpr char kFirstPrintable = ' ';
  for (const char character : name) {
    if (static_cast<unsigned char>(character) < kFirstPrintable) {
      return fmt::format("names can't have the control character 0x{:02x}", static_cast<unsigned>(character));
    }
    if (std::string_view("\"*/:<>?\\|").find(character) != std::string_view::npos) {
      return fmt::format("names can't have the character '{}'", character);
    }
  }
  // Windows and the kernel would look for the name without them.
  if (name.ends_with('.') || name.ends_with(' ')) return "names can't end with a dot or a blank";
  const auto units = to_utf16(name);
  if (!units) return "names must be UTF-8";
  if (units->size() > kMaxNameUnits) {
    return fmt::format("names can't have more than {} UTF-16 units, and this one has {}", kMaxNameUnits, units->size());
  }
  return {};
}

}  // namespace fstool::fat
