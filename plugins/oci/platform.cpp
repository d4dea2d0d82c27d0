#include "platform.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <utility>
#include <vector>

#include "fstool/error.h"

namespace fstool::oci {

namespace {

/// What others call an architecture, with its variant: uname(2), dpkg, and people.
struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};

constexpr Alias kAliases[] = {
    {"x86_64", "amd64", ""},   {"x86-64", "amd64", ""},    {"i386", "386", ""},      {"i486", "386", ""},
    {"i586", "386", ""},       {"i686", "386", ""},        {"aarch64", "arm64", ""}, {"aarch64_be", "arm64be", ""},
    {"armv5tel", "arm", "v5"}, {"armv5tejl", "arm", "v5"}, {"armel", "arm", "v6"},   {"armv6l", "arm", "v6"},
    {"armv7l", "arm", "v7"},   {"armv8l", "arm", "v7"},    {"armhf", "arm", "v7"},   {"loongarch64", "loong64", ""},
};

constexpr unsigned kExact = 1000;  // better than any variant of the same architecture

Platform normalized(Platform platform) {
  for (const Alias& alias : kAliases) {
    if (platform.architecture != alias.name) continue;
    platform.architecture = alias.architecture;
    if (platform.variant.empty()) platform.variant = alias.variant;
  }
  const std::string& architecture = platform.architecture;
  std::string& variant = platform.variant;
  if ((architecture == "arm64" && variant == "v8") || (architecture == "amd64" && variant == "v1")) variant.clear();
  if (architecture == "arm" && variant.empty()) variant = "v7";
  if (architecture == "arm" && variant.size() == 1 && std::isdigit(static_cast<unsigned char>(variant[0])) != 0) {
    variant.insert(0, "v");
  }
  return platform;
}

/// The number of a variant of arm; 0 if it is none.
unsigned arm_version(const Platform& platform) {
  const std::string& variant = platform.variant;
  const bool is_one = platform.architecture == "arm" && variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' &&
                      variant[1] <= '9';
  return is_one ? static_cast<unsigned>(variant[1] - '0') : 0;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-' || letter == '.';
  });
}

}  // namespace

std::string Platform::text() const {
  return fmt::format("{}/{}{}{}", os, architecture, variant.empty() ? "" : "/", variant);
}

Platform parse_platform(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::string_view rest = text;;) {
    const std::size_t slash = rest.find('/');
    words.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (words.size() < 2 || words.size() > 3 || !std::ranges::all_of(words, is_word)) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("platform = \"{}\" is no platform such as \"linux/arm64\" or \"linux/arm/v7\"", text));
  }
  return normalized(
      {std::string(words[0]), std::string(words[1]), words.size() == 3 ? std::string(words[2]) : std::string()});
}

std::optional<Platform> platform_of(const Json& object) {
  Platform platform{text_or_empty(object, "os"), text_or_empty(object, "architecture"),
                    text_or_empty(object, "variant")};
  if (platform.os.empty() || platform.architecture.empty()) return std::nullopt;
  return normalized(std::move(platform));
}

Platform linux_on(std::string_view machine) { return normalized({"linux", std::string(machine), ""}); }

Platform host_platform() {
  utsname names{};
  if (::uname(&names) != 0) throw system_error("asking for this machine's architecture", errno);
  return linux_on(names.machine);
}

unsigned suitability(const Platform& wanted, const Platform& offered) {
  if (wanted == offered) return kExact;
  if (wanted.os != offered.os || wanted.architecture != offered.architecture) return 0;
  const unsigned version = arm_version(offered);
  return version <= arm_version(wanted) ? version : 0;
}

}  // namespace fstool::oci
