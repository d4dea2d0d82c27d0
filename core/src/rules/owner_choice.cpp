#include "rules/owner_choice.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <vector>

#include "fstool/error.h"
#include "path_walk.h"

namespace fstool {

namespace {

const char* file_of(OwnerKind kind) { return kind == OwnerKind::User ? "/etc/passwd" : "/etc/group"; }

OwnerChoice owner_of(std::string_view text, const OptionValue& value, std::string_view key) {
  if (const auto id = parse_owner_id(text)) return {.id = *id, .location = value.location};
  const bool is_number = text.find_first_not_of("0123456789") == std::string_view::npos;
  const bool is_name = !is_number && text.front() != '-' && text.find_first_of(":, \t\n") == std::string_view::npos;
  if (is_name) return {.name = std::string(text), .location = value.location};
  throw spec_error(value.location,
                   fmt::format("{} must be a number from 0 to {}, or a name, not \"{}\"", key, kMaxOwnerId, text));
}

OwnerChoice owner_of(std::int64_t number, const OptionValue& value, std::string_view key) {
  if (number >= 0 && number <= std::int64_t{kMaxOwnerId}) {
    return {.id = static_cast<std::uint32_t>(number), .location = value.location};
  }
  throw spec_error(value.location, fmt::format("{} must be from 0 to {}, not {}", key, kMaxOwnerId, number));
}

/// What the file has, whatever symbolic links lead to it.
OwnerNames read_names(const Tree& tree, OwnerKind kind) {
  std::shared_ptr<const Tree> borrowed(std::shared_ptr<void>(), &tree);
  LocatedNode file;
  try {
    file = walk_path(file_of(kind), file_of(kind), OpenScope::Depth::Node, LastLink::Follow,
                     [&](const OpenScope& /*scope*/) { return borrowed; });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::NotFound) throw;
    return {};
  }
  return with_context([&] { return file_of(kind); }, [&] { return read_owner_names(*file); });
}

}  // namespace

std::optional<std::uint32_t> parse_owner_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || stop != text.data() + text.size() || id > kMaxOwnerId) return std::nullopt;
  return id;
}

OwnerChoice parse_owner(const OptionValue& value, std::string_view key) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return owner_of(*number, value, key);
  return owner_of(parse_text(value, key), value, key);
}

OwnerPair parse_owner_pair(const OptionValue& value, std::string_view key) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return {owner_of(*number, value, key), {}};
  const std::string text = parse_text(value, key);
  const std::size_t colon = text.find(':');
  OwnerPair pair{owner_of(std::string_view(text).substr(0, colon), value, key), {}};
  if (colon != std::string::npos) pair.group = owner_of(std::string_view(text).substr(colon + 1), value, key);
  return pair;
}

const OwnerNames& OwnerResolver::names(OwnerKind kind) {
  std::optional<OwnerNames>& names = kind == OwnerKind::User ? users_ : groups_;
  if (!names) names = read_names(tree_, kind);
  return *names;
}

std::uint32_t OwnerResolver::id_of(const std::string& name, OwnerKind kind) {
  const OwnerNames& known = names(kind);
  if (const auto id = known.id_of(name)) return *id;
  const std::vector<std::string> all = known.all();
  if (all.empty() && name == "root") return 0;
  throw Error(
      ErrorCode::InvalidArgument,
      fmt::format("no {} is called \"{}\" in {} of the tree{}", kind == OwnerKind::User ? "user" : "group", name,
                  file_of(kind), all.empty() ? ", which has no names: write the number" : did_you_mean(name, all)));
}

std::uint32_t OwnerResolver::id_of(const OwnerChoice& owner, OwnerKind kind) {
  if (owner.name.empty()) return owner.id;
  try {
    return id_of(owner.name, kind);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidArgument) throw;
    throw spec_error(owner.location, error.what());
  }
}

}  // namespace fstool
