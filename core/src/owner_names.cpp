#include "owner_names.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 20;

/// Takes what stands before the next `separator` off the front of `text`.
std::string_view take_field(std::string_view& text, char separator) {
  const std::string_view field = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(field.size() + 1, text.size()));
  return field;
}

OwnerNames read_names(Target& target, const char* path) {
  try {
    const LocatedNode file = target.locate(path, OpenScope::Depth::Node, LastLink::Follow);
    return read_owner_names(*file);
  } catch (const Error& error) {
    // Numbers can be shown all the same.
    if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Internal) throw;
    return {};
  }
}

}  // namespace

OwnerNames::OwnerNames(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_field(text, '\n');
    const std::string name(take_field(line, ':'));
    take_field(line, ':');
    const std::string_view number = take_field(line, ':');
    std::uint32_t id = 0;
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (name.empty() || error != std::errc() || stop != number.data() + number.size()) continue;
    names_.emplace(id, name);
    ids_.emplace(name, id);
  }
}

const std::string* OwnerNames::name_of(std::uint32_t id) const {
  const auto found = names_.find(id);
  return found == names_.end() ? nullptr : &found->second;
}

std::string OwnerNames::text(std::uint32_t id) const {
  const std::string* const name = name_of(id);
  return name != nullptr ? *name : std::to_string(id);
}

std::optional<std::uint32_t> OwnerNames::id_of(const std::string& name) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> OwnerNames::all() const {
  std::vector<std::string> names;
  for (const auto& [name, id] : ids_) names.push_back(name);
  return names;
}

OwnerNames read_owner_names(const Node& file) {
  if (file.kind != NodeKind::File || !file.content) return {};
  const std::vector<std::byte> bytes = read_all(*file.content, kMaxBytes);
  return OwnerNames({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Owners read_owners(Target& target) { return {read_names(target, "/etc/passwd"), read_names(target, "/etc/group")}; }

}  // namespace fstool
